"""Mail through Django's mail backend."""

from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any

from django.core.mail import EmailMessage

from linqi.notifications.outside import Message, Undeliverable


class Mail:
    """Plain-text mail to users who have an address 邮件."""

    key = "mail"

    def address_of(self, user: Any) -> str:
        """The user's mail address, empty when none is known."""
        return str(user.email or "")

    def send(self, message: Message) -> None:
        """Hand over to the mail server; a refused address is final, anything else may be tried again."""
        text = f"{message.text}\n\n{message.url}".strip() if message.url else message.text
        mail = EmailMessage(subject=" ".join(message.title.split()), body=text, to=[message.to])
        try:
            mail.send(fail_silently=False)
        except SMTPRecipientsRefused as refused:
            raise Undeliverable(str(refused), again=False) from refused
        except (SMTPException, OSError) as trouble:
            raise Undeliverable(f"{type(trouble).__name__}: {trouble}", again=True) from trouble
