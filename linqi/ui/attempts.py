"""Doing an act for somebody and telling them on the page how it went, instead of failing 操作结果."""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from linqi.kit.flow import MoveRefused

M = TypeVar("M")
TOLD: Final = 5  # refusals named one by one; more would hide the page


def attempt(
    request: HttpRequest, act: Callable[[], object], *, done: str | Promise = "", form: BaseForm | None = None
) -> bool:
    """Call `act`; True when it was done. What it refused is said in words 操作结果.

    A ValidationError goes to the fields of `form` where it names them and to the page otherwise; a move that the state
    no longer allows and a missing permission become a sentence. Anything else is a fault and stays one.
    """
    try:
        act()
    except ValidationError as refused:
        _say(request, refused, form)
        return False
    except (MoveRefused, PermissionDenied) as refused:
        messages.error(request, _sentence(refused))
        return False
    if done:
        messages.success(request, str(done))
    return True


def attempt_each(request: HttpRequest, rows: Iterable[M], act: Callable[[M], object], *, done: str) -> int:
    """Call `act` for each row by itself; what one refuses keeps none of the others back. How many were done 批量操作.

    `done` says how many (`%(n)s`); of those refused the first few are named with the reason.
    """
    good, bad = 0, []
    for row in rows:
        try:
            act(row)
        except ValidationError as refused:
            bad.append(_("%(name)s：%(why)s") % {"name": row, "why": "；".join(refused.messages)})
        except (MoveRefused, PermissionDenied) as refused:
            bad.append(_("%(name)s：%(why)s") % {"name": row, "why": _sentence(refused)})
        else:
            good += 1
    if good:
        messages.success(request, done % {"n": good})
    for sentence in bad[:TOLD]:
        messages.error(request, sentence)
    if len(bad) > TOLD:
        messages.error(request, _("另有 %(n)s 项因同类原因没有办成。") % {"n": len(bad) - TOLD})
    return good


def _sentence(refused: MoveRefused | PermissionDenied) -> str:
    if isinstance(refused, MoveRefused):
        return _("状态已经变化，这一步现在不能办。页面上是最新情况，请看后再办。")
    return _("您没有办这件事的权限。如确有需要，请联系本街道的系统管理人员。")


def _say(request: HttpRequest, refused: ValidationError, form: BaseForm | None) -> None:
    named = refused.message_dict if hasattr(refused, "error_dict") else {"": refused.messages}
    for field, sentences in named.items():
        for sentence in sentences:
            if form is not None and (not field or field in form.fields):
                form.add_error(field or None, sentence)
            else:
                messages.error(request, sentence)
