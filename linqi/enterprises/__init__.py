"""Registry, tenancies, import, entity resolution, facts with their sources, claims 企业."""
