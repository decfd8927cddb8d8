"""Who may read the journal."""

from linqi.journal.models import Bookmark, Entry, Head
from linqi.kit.access import Role, allow, by_enterprise, by_place, scope, to_nobody
from linqi.kit.privacy import Kept, declare

allow("journal.read", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="查看日志")
allow("journal.verify", Role.DISTRICT_OPERATOR, label="校验日志")

scope(Entry, "journal.read", by_place("place") | by_enterprise("enterprise"))
scope(Head, "journal.verify", to_nobody("how the chain ends; read by the check only"))
scope(Bookmark, "journal.verify", to_nobody("how far the product's own readers have come"))

# Kept whole: a chain with a row taken out no longer proves anything.
declare(
    Entry,
    personal={"actor_name": Kept.JOURNAL, "subject_name": Kept.JOURNAL, "data": Kept.JOURNAL},
    plain=["verb", "subject_type", "previous", "digest"],
)
declare(Head, plain=["digest", "seal"])
declare(Bookmark, plain=["reader"])
