"""The index is read by search only; what it finds passes the scope of each app."""

from linqi.kit.access import Role, allow, scope, to_nobody
from linqi.search.models import Document

allow("search.use", *Role, label="全站搜索")

scope(Document, "search.use", to_nobody("hits are looked up through seen_by of the app they belong to"))
