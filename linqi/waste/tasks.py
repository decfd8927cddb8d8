"""What runs beside the pages of waste: what was kept long enough, hours and days of events, tasks whose threshold is crossed, late steps."""

from linqi.kit import ticker
from linqi.waste.actions import hours, pictures, retention, tasks

ticker.register("waste.pictures", pictures.tick)
ticker.register("waste.days", retention.make_days)
ticker.register("waste.hours", hours.count_hours)
ticker.register("waste.retention", retention.drop_old)
ticker.register("waste.quarantine", retention.forget_quarantine)
ticker.register("waste.tasks", tasks.make_tasks)
ticker.register("waste.late", tasks.tell_late)
