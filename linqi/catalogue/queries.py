"""What the windows offer, and what a request can be about."""

from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from linqi.catalogue.models import Category, Service, Window
from linqi.kit.access import seen_by


def windows_seen_by(user: Any) -> QuerySet[Window]:
    """The nine windows with their services and categories, counted 一门多窗."""
    return (
        seen_by(user, Window)
        .annotate(
            basic_count=Count("services", filter=Q(services__basic=True), distinct=True),
            value_added_count=Count("services", filter=Q(services__basic=False), distinct=True),
        )
        .prefetch_related(
            Prefetch("services", Service.objects.order_by("-basic", "order")),
            Prefetch("categories", Category.objects.order_by("order", "code")),
        )
    )


def categories_seen_by(user: Any) -> QuerySet[Category]:
    """Every category, in the order of the windows 问题类别."""
    return seen_by(user, Category).select_related("window").order_by("window__number", "order", "code")


def categories_offered(user: Any) -> QuerySet[Category]:
    """The categories that a new request may choose."""
    return categories_seen_by(user).filter(offered=True)


def grouped_by_window(categories: QuerySet[Category]) -> list[tuple[str, list[tuple[int, str]]]]:
    """Categories as the groups of a select box: the window's name, then its categories."""
    groups: dict[str, list[tuple[int, str]]] = {}
    for category in categories:
        groups.setdefault(category.window.title, []).append((category.pk, category.title))
    return list(groups.items())
