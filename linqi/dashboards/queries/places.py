"""Places in words, for lines that show no map."""

from collections.abc import Iterable

from linqi.territory.models import Coverage, Place, PlaceKind


def where_are(places: Iterable[Place]) -> dict[int, str]:
    """Each place in words, with the building it is in; one query."""
    places = list(places)
    inside = Coverage.objects.filter(descendant__in=places, ancestor__kind=PlaceKind.BUILDING, depth__gt=0, until=None)
    building = dict(inside.values_list("descendant_id", "ancestor__name"))
    return {place.pk: f"{building.get(place.pk, '')} {place.name}".strip() for place in places}
