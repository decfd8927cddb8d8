"""The form by which anybody may ask, and what they may read afterwards."""

import secrets
from typing import Any
from urllib.parse import urlsplit

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases.actions.opening import Contact, take_in
from linqi.cases.models import Case, PublicForm, Source
from linqi.catalogue.models import Category
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock
from linqi.territory.models import Place

SALT = "linqi.cases.follow"
MOST_SITES = 20


@transaction.atomic
def set_public_form(*, street: Place, on: bool, sites: list[str], greeting: str = "", by: Any) -> PublicForm:
    """Open or close a street's form, and name the sites that may show it inside their pages 设置网页表单.

    `sites`: origins such as `https://park.example.cn`; ValidationError names the one that is none.
    """
    access.require(by, "cases.configure", street)
    kept = list(dict.fromkeys(_origin(one) for one in sites if one.strip()))
    if len(kept) > MOST_SITES:
        raise ValidationError({"sites": _("最多 %(n)s 个网站。") % {"n": MOST_SITES}})
    form, _new = PublicForm.objects.update_or_create(
        street=street,
        defaults={"on": on, "sites": kept, "greeting": greeting.strip()[:200], "changed_at": clock.now()},
        create_defaults={
            "on": on,
            "sites": kept,
            "greeting": greeting.strip()[:200],
            "changed_at": clock.now(),
            "token": secrets.token_hex(8),
        },
    )
    journal.write(by=by, verb=Verb.CASE_FORM_SET, subject=street, on=on, sites=kept)
    return form


@transaction.atomic
def ask(*, form: PublicForm, place: Place, category: Category, title: str, body: str, contact: Contact) -> Case:
    """Take in what somebody asks by a street's form 网页提交诉求.

    Nobody has shown who they are: for which enterprise they say they ask is kept as said, until a person has checked it.
    """
    kept = PublicForm.objects.select_related("street").filter(pk=form.pk, on=True).first()
    if kept is None:
        raise ValidationError(_("这个表单已经关闭。"))
    if not contact.name.strip() or sum(letter.isdigit() for letter in contact.phone) < 7:
        raise ValidationError({"contact_phone": _("请留下联系人和电话，我们才能回复您。")})
    return take_in(
        enterprise=None,
        place=place,
        category=category,
        title=title,
        body=body,
        source=Source.FORM,
        contact=contact,
        by=access.SYSTEM,
    )


def follow_token(case: Case) -> str:
    """What lets the one who asked by a form read how it goes; nothing else can be done with it 查询凭证."""
    return signing.dumps(case.pk, salt=SALT)


def case_of(token: str) -> Case | None:
    """The case behind such a token; None for one that is not ours."""
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return Case.objects.filter(pk=pk, source=Source.FORM.value).select_related("category__window", "street").first()


def _origin(text: str) -> str:
    parts = urlsplit(text.strip().lower())
    plain = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    safe = all(letter.isalnum() or letter in ".-:" for letter in parts.netloc) and parts.netloc.isascii()
    if not plain or not safe or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValidationError(
            {"sites": _("“%(site)s”不是网站地址；请写成 https://www.example.cn 这样。") % {"site": text}}
        )
    return f"{parts.scheme}://{parts.netloc}"
