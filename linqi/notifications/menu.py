"""Where notices stand in the menu, and the number at the bell."""

from linqi.notifications.queries import unread_count
from linqi.ui.menu import unread_counter

unread_counter(unread_count)
