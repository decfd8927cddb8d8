"""What the partials of an enterprise ask for themselves, so that any page may include them 企业标签."""

from typing import Any

from django import template

from linqi.enterprises import queries
from linqi.enterprises.models import Enterprise, Tenancy
from linqi.kit import access
from linqi.kit.clock import today

register = template.Library()


@register.simple_tag
def identity(enterprise: Enterprise, user: Any) -> queries.Identity:
    """The registry's fields of an enterprise, as far as the user may read them."""
    return queries.identity_of(enterprise, user)


@register.simple_tag
def stays(enterprise: Enterprise, user: Any) -> list[Tenancy]:
    """Where the enterprise is and was."""
    return list(queries.tenancies_of(enterprise, user))


@register.simple_tag
def may(user: Any, permission: str, thing: Any) -> bool:
    """Whether the user may do this to this thing."""
    return access.may(user, permission, thing)


@register.filter
def where(tenancy: Tenancy) -> str:
    """Where a tenancy is, in words."""
    return queries.whereabouts(tenancy)


@register.filter
def holds(tenancy: Tenancy) -> bool:
    """Whether a tenancy holds today."""
    return tenancy.until is None or tenancy.until > today()


@register.filter
def name_for(enterprise: Enterprise, user: Any) -> str:
    """The enterprise's name as this user may read it."""
    return queries.shown_name(enterprise, user)
