"""What is done to users, roles and grants."""

from django.db import transaction

from linqi.accounts.models import RoleRecord
from linqi.kit.access import PERMISSIONS, Role


@transaction.atomic
def sync_roles() -> None:
    """Bring the roles that nobody has edited to the product's defaults; run at each migrate 默认角色."""
    for role in Role:
        defaults = sorted(permission.name for permission in PERMISSIONS.values() if role in permission.roles)
        record, made = RoleRecord.objects.get_or_create(
            code=role.value, defaults={"label": role.label, "permissions": defaults}
        )
        if not made and not record.edited and record.permissions != defaults:
            record.permissions = defaults
            record.save(update_fields=["permissions"])
