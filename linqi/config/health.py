"""Whether the product is well."""
urlpatterns: list = []
