"""Policies that find their enterprises: clauses, matching, push, claims, payment 惠企政策."""
