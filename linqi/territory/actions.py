"""What is done to the tree of places."""

from collections import defaultdict
from datetime import date

from django.db import transaction

from linqi.territory.models import Coverage, Place, Placement


@transaction.atomic
def rebuild_coverage() -> None:
    """Unroll the whole dated tree anew: for each place, everything it ever stood under, with the dates 重建覆盖."""
    above: dict[int, list[tuple[int, date, date | None]]] = defaultdict(list)
    for child, parent, since, until in Placement.objects.values_list("child_id", "parent_id", "since", "until"):
        above[child].append((parent, since, until))
    Coverage.objects.all().delete()
    rows = []
    for place, since, until in Place.objects.values_list("pk", "since", "until").iterator():
        waiting = [(place, 0, since, until)]
        while waiting:
            ancestor, depth, first, last = waiting.pop()
            rows.append(Coverage(ancestor_id=ancestor, descendant_id=place, depth=depth, since=first, until=last))
            for parent, began, ended in above[ancestor]:
                start = max(first, began)
                end = min((day for day in (last, ended) if day is not None), default=None)
                if end is None or start < end:
                    waiting.append((parent, depth + 1, start, end))
    Coverage.objects.bulk_create(rows, batch_size=5000)
