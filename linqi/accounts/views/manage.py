"""The accounts of others: who there is, what they hold, and what each role may do."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from linqi.accounts import actions, queries
from linqi.accounts.forms import GrantForm, NewUserForm, RoleForm
from linqi.accounts.models import Grant, RoleRecord, User
from linqi.kit.access import may_anywhere, page, seen_by
from linqi.kit.clock import today
from linqi.ui.tables import Choose, Column, Search, Table


def _roles(user: User) -> SafeString | None:
    """The roles in reach, one a line, with where they are held."""
    day = today()
    held = [
        (gettext(grant.role.label), grant.place.name if grant.place else "")
        for grant in user.grants_in_reach  # type: ignore[attr-defined]
        if grant.since <= day and (grant.until is None or grant.until > day)
    ]
    return format_html_join("", "<div>{} <small>{}</small></div>", held) if held else None


def _roles_text(user: User) -> str:
    return "；".join(gettext(grant.role.label) for grant in user.grants_in_reach)  # type: ignore[attr-defined]


USERS = Table[User](
    key="users",
    caption=_("用户"),
    columns=[
        Column(
            "username",
            _("用户名"),
            sort="username",
            fixed=True,
            url=lambda user: reverse("accounts:user", args=[user.pk]),
        ),
        Column("display_name", _("姓名"), sort="display_name"),
        Column("roles", _("角色"), value=_roles, kind="html", export=_roles_text),
        Column(
            "state",
            _("状态"),
            value=lambda user: gettext("正常") if user.is_active else gettext("已停用"),
            kind="badge",
            tone=lambda user: "good" if user.is_active else "quiet",
            sort="is_active",
        ),
        Column("last_login", _("上次登录"), sort="last_login", kind="datetime", nullable=True, phone=False),
    ],
    order="username",
    row_url=lambda user: reverse("accounts:user", args=[user.pk]),
    filters=[
        Search(
            "q",
            _("用户名、姓名"),
            apply=lambda rows, text: rows.filter(username__icontains=text) | rows.filter(display_name__icontains=text),
        ),
        Choose(
            "role",
            _("角色"),
            lambda: [(role.code, gettext(role.label)) for role in queries.roles()],
            apply=lambda rows, values: rows.filter(
                pk__in=queries.grants_valid(today()).filter(role__code__in=values).values("user")
            ),
        ),
        Choose(
            "active",
            _("状态"),
            [("1", _("正常")), ("0", _("已停用"))],
            apply=lambda rows, values: rows.filter(is_active=values == ["1"]),
        ),
    ],
    empty=_("您的管理范围内还没有用户。"),
)


@page("accounts.manage")
@require_GET
def users(request: HttpRequest) -> HttpResponseBase:
    """Everybody who holds or held a role within one's reach 用户."""
    table = USERS.bind(request, queries.users_seen_by(request.user), may_export=False)
    return table.answer("accounts/users.html", {"may_edit_roles": may_anywhere(request.user, "accounts.edit_roles")})


@page("accounts.manage")
@never_cache
@require_http_methods(["GET", "POST"])
def new_user(request: HttpRequest) -> HttpResponse:
    """Make a user; the answer shows the one-time password, once 新建用户."""
    form = NewUserForm(request.POST or None, giver=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            user, password = actions.create_user(**form.user(), by=request.user)
        except actions.GrantRefused as refused:
            form.add_error("role", gettext(refused.refusal.value))
        else:
            return render(request, "accounts/password_once.html", {"holder": user, "password": password})
    return render(request, "accounts/new_user.html", {"form": form})


@page("accounts.manage")
@require_http_methods(["GET", "POST"])
def user(request: HttpRequest, user_id: int) -> HttpResponse:
    """One user: the roles in one's reach, another one given 用户详情."""
    holder = get_object_or_404(seen_by(request.user, User), pk=user_id)
    form = GrantForm(request.POST or None, giver=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            actions.give_grant(user=holder, **form.grant(), by=request.user)
        except actions.GrantRefused as refused:
            form.add_error("role", gettext(refused.refusal.value))
        else:
            messages.success(request, gettext("已授予角色。"))
            return redirect("accounts:user", user_id=holder.pk)
    in_reach = queries.grants_of_seen_by(holder, request.user)
    context = {
        "holder": holder,
        "form": form,
        "grants": queries.holdings(in_reach),
        "elsewhere": holder.grants.count() - in_reach.count(),
        "second_factor": queries.has_second_factor(holder),
        "oneself": holder.pk == request.user.pk,
    }
    return render(request, "accounts/user.html", context)


@page("accounts.manage")
@require_POST
def end_grant(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Take a role back 收回角色."""
    grant = get_object_or_404(seen_by(request.user, Grant).select_related("user", "role", "place"), pk=grant_id)
    try:
        actions.end_grant(grant=grant, by=request.user)
        messages.success(request, gettext("已收回角色。"))
    except PermissionDenied as refused:
        messages.error(request, _told(refused))
    return redirect("accounts:user", user_id=grant.user_id)


@page("accounts.manage")
@require_POST
def switch(request: HttpRequest, user_id: int) -> HttpResponse:
    """Disable a user, or let them in again 停用、启用."""
    holder = get_object_or_404(seen_by(request.user, User), pk=user_id)
    try:
        if holder.is_active:
            actions.disable_user(user=holder, by=request.user)
            messages.success(request, gettext("已停用，其会话均已下线。"))
        else:
            actions.enable_user(user=holder, by=request.user)
            messages.success(request, gettext("已启用。"))
    except PermissionDenied as refused:
        messages.error(request, _told(refused))
    return redirect("accounts:user", user_id=holder.pk)


@page("accounts.manage")
@never_cache
@require_POST
def reset(request: HttpRequest, user_id: int) -> HttpResponse:
    """Give a user a new one-time password, shown once 重设密码."""
    holder = get_object_or_404(seen_by(request.user, User), pk=user_id)
    try:
        password = actions.reset_password(user=holder, by=request.user)
    except PermissionDenied as refused:
        messages.error(request, _told(refused))
        return redirect("accounts:user", user_id=holder.pk)
    return render(request, "accounts/password_once.html", {"holder": holder, "password": password})


@page("accounts.edit_roles")
@require_GET
def roles(request: HttpRequest) -> HttpResponse:
    """The roles, and whether the district has changed them 角色."""
    return render(request, "accounts/roles.html", {"roles": queries.roles()})


@page("accounts.edit_roles")
@require_http_methods(["GET", "POST"])
def role(request: HttpRequest, code: str) -> HttpResponse:
    """What one role may do, as boxes to tick 编辑角色."""
    record = get_object_or_404(RoleRecord, code=code)
    form = RoleForm(request.POST or None, initial={"permissions": record.permissions})
    if request.method == "POST":
        if request.POST.get("restore"):
            actions.restore_role(role=record, by=request.user)
            messages.success(request, gettext("已恢复产品默认权限。"))
            return redirect("accounts:role", code=code)
        if form.is_valid():
            actions.edit_role(role=record, permissions=form.cleaned_data["permissions"], by=request.user)
            messages.success(request, gettext("已保存。"))
            return redirect("accounts:role", code=code)
    groups = queries.permissions_by_app()
    return render(request, "accounts/role.html", {"role": record, "groups": groups, "form": form})


def _told(refused: PermissionDenied) -> str:
    if isinstance(refused, actions.GrantRefused):
        return gettext("没有成功：") + gettext(refused.refusal.value)
    return gettext("没有成功：该用户不完全在您的管理范围内。")
