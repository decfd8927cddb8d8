"""What is done to the catalogue."""

from typing import Any

from django.db import transaction

from linqi.catalogue.guides import Material, as_kept
from linqi.catalogue.intake import default_windows
from linqi.catalogue.models import CaseClass, Category, Guide, Service, Window
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock


@transaction.atomic
def seed_catalogue() -> None:
    """Bring windows, services and categories that nobody has edited to the product's defaults 默认清单.

    Run at each migrate; running it again changes nothing. It is a release of the product and not somebody's act, so it
    leaves no entry in the journal.
    """
    for row in default_windows():
        window, _made = Window.objects.update_or_create(
            code=row.code,
            defaults={
                "number": row.number,
                "name": row.name,
                "name_en": row.name_en,
                "owner_role": row.owner_role,
            },
        )
        for order, (name, basic) in enumerate(row.services):
            service, made = Service.objects.get_or_create(
                window=window, name=name, defaults={"basic": basic, "order": order}
            )
            if not made and service.is_default and (service.basic, service.order) != (basic, order):
                service.basic, service.order = basic, order
                service.save(update_fields=["basic", "order"])
        for order, category in enumerate(row.categories):
            values = {
                "name": category.name,
                "window": window,
                "department_code": category.department_code,
                "case_class": CaseClass(category.case_class).value,
                "order": order,
            }
            kept, made = Category.objects.get_or_create(code=category.code, defaults=values)
            if not made and kept.is_default:
                Category.objects.filter(pk=kept.pk).update(**values)


@transaction.atomic
def edit_category(
    *,
    category: Category,
    name: str,
    window: Window,
    department_code: str,
    case_class: CaseClass,
    offered: bool,
    by: Any,
) -> Category:
    """Change what a category is called, where it belongs and how urgent it is 修改诉求类别.

    Cases that were opened before keep the class and the deadlines they were opened with. From now on the category is
    the district's own and no longer follows the product's defaults.
    """
    access.require(by, "catalogue.edit", category)
    asked = {
        "name": name.strip(),
        "window_id": window.pk,
        "department_code": department_code,
        "case_class": case_class.value,
        "offered": offered,
    }
    before = {field: getattr(category, field) for field in asked}
    if asked == before:
        return category
    for field, value in asked.items():
        setattr(category, field, value)
    category.is_default = False
    category.save(update_fields=[*asked, "is_default"])
    journal.write(
        by=by,
        verb=Verb.CATEGORY_EDITED,
        subject=category,
        before={field: value for field, value in before.items() if value != asked[field]},
        after={field: value for field, value in asked.items() if value != before[field]},
    )
    return category


@transaction.atomic
def write_guide(
    *,
    service: Service,
    materials: list[Material],
    steps: list[str],
    category: Category | None = None,
    by: Any,
    **said: str,
) -> Guide:
    """Write down what one has to bring for a service and what happens then, in place of what stood there 编制办事指南.

    `said`: who, basis, limit, fee, where.
    """
    access.require(by, "catalogue.edit", service)
    before = Guide.objects.filter(service=service).values("materials", "steps", *said).first()
    kept = {
        "materials": as_kept(materials),
        "steps": [step.strip()[:200] for step in steps if step.strip()],
        **{field: text.strip() for field, text in said.items()},
    }
    guide, _made = Guide.objects.update_or_create(
        service=service, defaults={**kept, "category": category, "changed_on": clock.today()}
    )
    journal.write(by=by, verb=Verb.GUIDE_WRITTEN, subject=service, before=before, after=kept)
    return guide
