"""The index is read by search only; what it finds passes the scope of each app."""

from linqi.kit.access import Role, allow, scope, to_nobody
from linqi.kit.privacy import Kept, declare
from linqi.search.models import Document

allow("search.use", *Role, label="全站搜索")

scope(Document, "search.use", to_nobody("hits are looked up through seen_by of the app they belong to"))

# Written from the texts of others, among them names of the self-employed.
declare(Document, personal={"text": Kept.INDEX, "words": Kept.INDEX}, plain=["kind", "streets"])
