"""Addresses of this app; the doors of sign-in are in `sign_in_urls`."""

from django.urls import path

from linqi.accounts.views import manage, own

app_name = "accounts"
urlpatterns = [
    path("profile/", own.profile, name="profile"),
    path("tokens/", own.tokens, name="tokens"),
    path("users/", manage.users, name="users"),
    path("users/new/", manage.new_user, name="new_user"),
    path("users/<int:user_id>/", manage.user, name="user"),
    path("users/<int:user_id>/switch/", manage.switch, name="switch"),
    path("users/<int:user_id>/password/", manage.reset, name="reset"),
    path("grants/<int:grant_id>/end/", manage.end_grant, name="end_grant"),
    path("roles/", manage.roles, name="roles"),
    path("roles/<slug:code>/", manage.role, name="role"),
]
