"""Notices for users, and their way out through other channels."""

from django.conf import settings
from django.db import models

from linqi.kit.choices import Choice


class Notice(models.Model):
    """Something a user should know, shown in the shell until read 通知."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    title = models.CharField(max_length=200)
    body = models.CharField(max_length=500, blank=True)
    url = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=120, blank=True, help_text="Same key, same news: it is not told twice.")
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["user", "read_at", "id"], name="notice_unread")]
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], condition=~models.Q(key=""), name="notice_told_once")
        ]

    def __str__(self) -> str:
        return self.title


class MailPace(Choice):
    """How a user wants to get mail 邮件频率."""

    EACH = "each", "每条都发"
    DAILY = "daily", "每天一封汇总"
    NEVER = "never", "不发邮件"


class Wish(models.Model):
    """What a user wants of messages to the outside; without one, each goes out at once 通知偏好."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    mail = models.CharField(max_length=8, choices=MailPace.choices, default="each")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.mail}"


class DeliveryState(Choice):
    """How far a message to the outside has come 投递状态."""

    WAITING = "waiting", "待发送"
    SENT = "sent", "已发送"
    FAILED = "failed", "发送失败"


class Delivery(models.Model):
    """One notice on its way out by one channel: the outbox 发件箱."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    digest = models.BooleanField(default=False, help_text="Goes out with all others of the day in one message 汇总.")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"], name="delivery_due")]

    def __str__(self) -> str:
        return f"{self.channel}: {self.notice}"
