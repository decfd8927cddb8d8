"""Signs of life of the processes behind the pages."""

from django.db import models


class Pulse(models.Model):
    """When a process last showed that it works: the worker of jobs, the tick 心跳."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"
