"""Who may read the journal."""

from linqi.journal.models import Bookmark, Entry, Head
from linqi.kit.access import Role, allow, by_enterprise, by_place, scope, to_nobody

allow("journal.read", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="查看日志")
allow("journal.verify", Role.DISTRICT_OPERATOR, label="校验日志")

scope(Entry, "journal.read", by_place("place") | by_enterprise("enterprise"))
scope(Head, "journal.verify", to_nobody("how the chain ends; read by the check only"))
scope(Bookmark, "journal.verify", to_nobody("how far the product's own readers have come"))
