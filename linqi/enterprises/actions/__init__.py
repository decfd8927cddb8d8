"""What is done to enterprises: registry, facts and claims, pairs, imports 企业动作."""
