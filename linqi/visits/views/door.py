"""The page in the hand itself: what is kept on a phone so that it opens without a signal, and the labels at the doors 随身走访."""

import json
from functools import cache
from hashlib import blake2b

import segno
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from linqi.kit import access
from linqi.ui.parts import Crumb
from linqi.visits import queries
from linqi.visits.rules import patrol

MODULES = ("visits/hand.js", "visits/hand_kept.js", "visits/hand_store.js", "visits/hand_sync.js")
FACE = ("ui/vendor/tabler.css", "ui/linqi.css", "visits/hand.css", "ui/logo.svg")


@never_cache
@require_GET
@login_not_required  # holds nothing of anybody: what it shows comes from the device, and the device's token from a sign-in
def hand(request: HttpRequest) -> HttpResponse:
    """The page that a phone keeps: the frame and its words; visits come from the device itself."""
    words = {
        "exchange": reverse("visits:exchange"),
        "register": reverse("visits:register"),
        "forms": reverse("visits:forms"),
        "at": reverse("visits:at"),
        "worker": reverse("visits:worker"),
        "here": reverse("visits:hand"),
        "devices": reverse("visits:devices"),
        "login": f"{reverse('account_login')}?next={reverse('visits:hand')}",
        "agreed": patrol.AGREED,
        "days": {
            "photo": min(settings.VISIT_PHOTO_DAYS, patrol.LONGEST_PHOTO_DAYS),
            "place": min(settings.VISIT_PLACE_DAYS, patrol.LONGEST_PLACE_DAYS),
        },
        "said": _said(),
    }
    return render(request, "visits/hand.html", {"words": words})


@never_cache
@require_GET
@login_not_required  # a program without anybody's data; the browser fetches it anew by itself
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker: keeps the page's own files, and serves no other page."""
    here = reverse("visits:hand")
    files = [here, reverse("visits:manifest"), *(static(name) for name in FACE), *(_plain(name) for name in MODULES)]
    said = {"version": f"{_version()}-{get_language()}", "files": files, "here": here}
    return render(request, "visits/worker.js", {"said": mark_safe(json.dumps(said))}, content_type="text/javascript")  # noqa: S308 – our own addresses


@require_GET
@login_not_required  # browsers fetch it without cookies
def manifest(request: HttpRequest) -> HttpResponse:
    """What makes the page installable."""
    here = reverse("visits:hand")
    told = {
        "id": here,
        "name": _("邻企走访"),
        "short_name": _("走访"),
        "start_url": here,
        "scope": here,
        "display": "standalone",
        "background_color": "#f3f6f8",
        "theme_color": "#0f4c54",
        "icons": [{"src": static("ui/logo.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return JsonResponse(told, content_type="application/manifest+json")


@access.page("visits.record")
def label(request: HttpRequest, pk: int) -> HttpResponse:
    """A label for the door of a building: its code opens the page in the hand at this building."""
    building = queries.buildings_in_hand(request.user).filter(pk=pk).first()
    if building is None:
        raise Http404
    address = request.build_absolute_uri(f"{reverse('visits:hand')}?b={building.pk}")
    drawn = segno.make(address, error="q", micro=False).svg_inline(scale=8, border=4, omitsize=True)
    context = {
        "building": building,
        "address": address,
        "code": mark_safe(drawn),  # noqa: S308 – drawn by us from our own address
        "crumbs": [Crumb(_("随身走访"), reverse("visits:hand")), Crumb(building.name)],
    }
    return render(request, "visits/label.html", context)


def _plain(name: str) -> str:
    """The address of a module without the mark in its name: modules import each other by their plain names."""
    return f"{settings.STATIC_URL}{name}"


@cache
def _version() -> str:
    """A digest of the page's own files: another one makes phones fetch them anew."""
    seal = blake2b(digest_size=8)
    for name in (*MODULES, *FACE):
        path = finders.find(name)
        if path:
            with open(str(path), "rb") as file:
                seal.update(file.read())
    return seal.hexdigest()


def _said() -> dict[str, str]:
    """The words of the page, by the name the program uses."""
    return {
        "today": _("今天"),
        "coming": _("之后几天"),
        "done": _("近 7 天已走访"),
        "none": _("没有要走访的企业。可以扫楼门上的二维码，或选一幢楼开始。"),
        "online": _("已联网"),
        "offline": _("没有网络，照常填写，联网后自动送出"),
        "waiting": _("%s 条等待送出"),
        "all_sent": _("已全部送出"),
        "never": _("还没有联过网"),
        "last": _("最近联网 %s"),
        "send": _("立即同步"),
        "attention": _("%s 条需要处理"),
        "no_attention": _("没有需要处理的内容。"),
        "whose": _("这台设备属于 %s"),
        "attention_title": _("需要处理"),
        "scan": _("扫楼门二维码"),
        "pick": _("选一幢楼"),
        "pick_choose": _("请选择"),
        "no_camera": _("这个浏览器不能扫码。请用手机相机扫楼门上的二维码，或在这里选楼、输入编号。"),
        "stop_scan": _("停止扫码"),
        "code": _("楼门编号"),
        "open": _("打开"),
        "bad_code": _("这不是楼门编号。"),
        "here_firms": _("在这幢楼的企业"),
        "here_offline": _("没有网络，也没有存过这幢楼的企业名单。联网后再打开一次即可。"),
        "filter": _("按名称查找"),
        "start": _("开始走访"),
        "why_again": _("为何近期再访（30 天内去过才填）"),
        "back": _("返回"),
        "reasons": _("走访事由"),
        "asked": _("要问什么"),
        "done_when": _("完成标准"),
        "last_visit": _("前几次走访"),
        "last_next": _("上次说的下一步"),
        "cases": _("在办办件"),
        "met": _("见到谁"),
        "met_hint": _("写身份，不写姓名。"),
        "summary": _("走访情况"),
        "summary_hint": _("一两句话即可"),
        "next_step": _("下一步"),
        "save": _("存下"),
        "finish": _("完成走访"),
        "miss": _("没见到人"),
        "refuse": _("企业婉拒"),
        "sure": _("记为“%s”？"),
        "need_summary": _("请用一两句话写明走访情况。"),
        "kept": _("已存在本机，联网后送出。"),
        "pending": _("待送出"),
        "findings": _("发现"),
        "add": _("登记发现"),
        "after_finish": _("先完成走访，再登记发现。"),
        "fact": _("信息更新"),
        "need": _("需求"),
        "problem": _("问题"),
        "clue": _("风险线索"),
        "fact_key": _("哪项信息"),
        "value": _("内容"),
        "period": _("期间"),
        "period_hint": _("按年度或月份统计的才填，如 2025、2026-03。"),
        "clue_text": _("看到或听到什么"),
        "clue_hint": _("线索先由人核实，不直接作为处理依据。"),
        "title": _("事项"),
        "category": _("诉求类别"),
        "body": _("详细情况"),
        "compare": _("这家企业已有在办办件，是同一件事吗？"),
        "is_new": _("不是，新开办件"),
        "register_finding": _("登记"),
        "fill": _("请填写“%s”。"),
        "conflict": _("两人填写不一致"),
        "now_says": _("现在写的是"),
        "says": _("%s 写的是"),
        "settle_as": _("确认为"),
        "settle": _("确认"),
        "same_case": _("是，并入 %s"),
        "understood": _("知道了"),
        "welcome": _("在这台手机上走访"),
        "welcome_text": _(
            "登记后，没有信号也能看走访单、填写情况；联网时自动送出。内容在本机加密存放，7 天不联网自动失效。"
        ),
        "device_name": _("这台设备叫什么"),
        "device_example": _("如“工作手机”"),
        "register": _("登记这台设备"),
        "as": _("以 %s 的身份登记"),
        "sign_in": _("请先登录"),
        "sign_in_text": _("登记设备要登录一次，登录后回到这里。"),
        "needs_https": _("这个网址不是加密连接（HTTPS），浏览器不允许离线保存。请用 HTTPS 网址打开，或联系运维人员。"),
        "need_net": _("登记设备需要网络。"),
        "wiped": _("这台设备已停用或登记已到期，本机内容已清除。请重新登录并登记。"),
        "expired": _("超过 7 天没有联网，本机的走访单已失效。联网后重新取回；没送出的内容还在。"),
        "forget": _("清除本机内容"),
        "forget_sure": _("清除本机的走访单？还有 %s 条没送出的内容会丢失。"),
        "broken": _(
            "这台设备的编号与服务器不一致，可能来自备份或复制，没送出的内容送不上去了。请抄下内容后清除，再重新登记。"
        ),
        "unreadable": _("服务器读不懂送上去的内容。请更新页面后再试；仍不行请联系运维人员。"),
        "gone": _("这次走访不在本机上了。"),
        "my_devices": _("随身设备"),
        "kind": _("走访类别"),
        "patrol_why": _("为什么巡查"),
        "patrol_hint": _("如“台风前检查”“燃气报警”。巡查不代替必访。"),
        "plan": _("看楼层图"),
        "plan_of": _("楼层图 · %s"),
        "plan_hint": _("从最高层往下；带颜色的是待走访企业，点开走访单。"),
        "plan_offline": _("没有网络，也没有存过这幢楼的楼层图。联网后再打开一次即可。"),
        "plan_none": _("这幢楼还没有登记楼层和房间。"),
        "no_floor": _("楼层不详"),
        "no_unit": _("房间不详"),
        "nobody_known": _("没有登记企业"),
        "photo": _("照片"),
        "photos": _("照片（可不拍）"),
        "photos_hint": _("没有照片一样完成走访。只拍事，不拍人；拍摄地点会去掉，%s 天后自动清除，可随时撤回。"),
        "photos_full": _("最多 %s 张。可先撤回一张。"),
        "photo_of": _("%s 的照片"),
        "photo_pick": _("拍照或选一张"),
        "photo_note": _("拍的是什么（可不写）"),
        "photo_keep": _("留存"),
        "photo_drop": _("不要了"),
        "photo_bad": _("这张打不开，或缩不到 1 MB 以内。请换一张。"),
        "until": _("留到 %s"),
        "take_back": _("撤回"),
        "place": _("巡查位置（可不留）"),
        "place_why": _(
            "安全、应急巡查可以留一次位置，让处置的人找得到隐患在哪里。只留这一次，不记路线；只有综合治理专员、社区书记和您能看；%s 天后自动清除，可随时撤回。"
        ),
        "place_agree": _("同意，留一次位置"),
        "place_need_not": _("不同意也照常完成巡查。"),
        "place_asking": _("正在取得位置……"),
        "place_none": _("没有取得位置。照常完成巡查即可。"),
        "place_kept": _("已留一处位置。"),
    }
