"""Doing an act for somebody and telling them on the page how it went, instead of failing 操作结果."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from linqi.kit.flow import MoveRefused


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
    except MoveRefused:
        messages.error(request, _("状态已经变化，这一步现在不能办。页面上是最新情况，请看后再办。"))
        return False
    except PermissionDenied:
        messages.error(request, _("您没有办这件事的权限。如确有需要，请联系本街道的系统管理人员。"))
        return False
    if done:
        messages.success(request, str(done))
    return True


def _say(request: HttpRequest, refused: ValidationError, form: BaseForm | None) -> None:
    named = refused.message_dict if hasattr(refused, "error_dict") else {"": refused.messages}
    for field, sentences in named.items():
        for sentence in sentences:
            if form is not None and (not field or field in form.fields):
                form.add_error(field or None, sentence)
            else:
                messages.error(request, sentence)
