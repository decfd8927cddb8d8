"""One's notices: the list, the bell, and reading them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from linqi.kit.access import open_to_signed_in
from linqi.notifications import actions, queries
from linqi.notifications.models import MailPace, Notice
from linqi.ui.tables import Choose, Column, Search, Table

NOTICES = Table[Notice](
    key="notices",
    caption=_("通知"),
    columns=[
        Column("title", _("通知"), fixed=True),
        Column("body", _("内容")),
        Column("created_at", _("时间"), kind="datetime", sort="created_at"),
        Column(
            "state",
            _("状态"),
            value=lambda notice: gettext("已读") if notice.read_at else gettext("未读"),
            kind="badge",
            tone=lambda notice: "quiet" if notice.read_at else "info",
        ),
    ],
    order="-created_at",
    filters=[
        Search("q", _("标题、内容"), apply=lambda rows, text: rows.filter(title__icontains=text)),
        Choose(
            "state",
            _("状态"),
            [("unread", _("未读")), ("read", _("已读"))],
            apply=lambda rows, values: rows.filter(read_at__isnull=values == ["unread"]),
        ),
    ],
    empty=_("有新消息时会出现在这里。"),
)


@open_to_signed_in("everybody reads their own notices")
@require_GET
def notices(request: HttpRequest) -> HttpResponseBase:
    """What one has been told 通知."""
    rows = queries.notices_seen_by(request.user)
    table = NOTICES.bind(request, rows, may_export=False)
    pace = queries.wish_of(request.user)
    context = {
        "unread": queries.unread_count(request.user),
        "address": getattr(request.user, "email", ""),
        "paces": [(one.value, gettext(one.label), one is pace) for one in MailPace],
    }
    return table.answer("notifications/notices.html", context)


@open_to_signed_in("everybody sees their own bell")
@never_cache
@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """The bell with the number of unread notices, as a partial 铃铛."""
    return render(request, "notifications/_bell.html", {"unread": queries.unread_count(request.user)})


@open_to_signed_in("everybody reads their own notices")
@require_POST
def read(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark one notice as read and go where it leads 查看."""
    notice = get_object_or_404(queries.notices_seen_by(request.user), pk=notice_id)
    actions.mark_read(notice=notice, by=request.user)
    return redirect(notice.url or "notifications:list")


@open_to_signed_in("everybody reads their own notices")
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read 全部已读."""
    actions.mark_all_read(by=request.user)
    messages.success(request, gettext("已全部标为已读。"))
    return redirect("notifications:list")


@open_to_signed_in("everybody says how they want their own mail")
@require_POST
def wish(request: HttpRequest) -> HttpResponse:
    """How one wants to get mail 邮件频率."""
    asked = request.POST.get("mail", "")
    if asked in MailPace.values:
        actions.wish(mail=MailPace(asked), by=request.user)
        messages.success(request, gettext("邮件频率已保存。"))
    return redirect("notifications:list")
