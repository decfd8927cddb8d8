"""Users, roles held over places, sign-in and second factor 账号."""
