"""A notice is read by the one it is for."""

from linqi.kit.access import Role, allow, by_owner, scope, to_nobody
from linqi.kit.privacy import Kept, declare
from linqi.notifications.models import Delivery, Notice, Wish

allow("notifications.read", *Role, label="查看通知")

scope(Notice, "notifications.read", by_owner("user"))
scope(Delivery, "notifications.read", to_nobody("the outbox is worked off by the worker only"))

declare(Notice, personal={"user": Kept.NEWS, "title": Kept.NEWS, "body": Kept.NEWS}, plain=["url", "key"])
scope(Wish, "notifications.read", by_owner("user"))
declare(Wish, personal={"user": Kept.NEWS})
declare(Delivery, plain=["channel", "error"])
