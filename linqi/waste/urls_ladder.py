"""Addresses of clues, tasks, referrals, hauls, the law and the enterprise's own page."""

from django.urls import URLPattern, URLResolver, path

from linqi.waste.views import clues, hauls, lawful, own_tasks, tasks

urlpatterns: list[URLPattern | URLResolver] = [
    path("clues/", clues.clues, name="clues"),
    path("clues/next/", clues.next_, name="clue_next"),
    path("clues/new/", clues.new, name="clue_new"),
    path("clues/many/<slug:name>/", clues.many, name="clues_many"),
    path("clues/<int:pk>/", clues.clue, name="clue"),
    path("clues/<int:pk>/picture/", clues.picture, name="clue_picture"),
    path("clues/<int:pk>/look/", clues.look, name="clue_look"),
    path("clues/<int:pk>/again/", clues.again, name="clue_again"),
    path("tasks/", tasks.tasks, name="tasks"),
    path("tasks/<int:pk>/", tasks.task, name="task"),
    path("tasks/<int:pk>/chain/", tasks.chain, name="task_chain"),
    path("tasks/<int:pk>/evidence.zip", tasks.evidence, name="task_evidence"),
    path("tasks/<int:pk>/say/", tasks.say, name="task_say"),
    path("tasks/<int:pk>/<slug:name>/", tasks.act, name="task_act"),
    path("statements/", tasks.statements, name="statements"),
    path("statements/<int:pk>/answer/", tasks.answer, name="statement_answer"),
    path("papers/<int:pk>/", own_tasks.paper, name="paper"),
    path("hauls/", hauls.hauls, name="hauls"),
    path("hauls/new/", hauls.new, name="haul_new"),
    path("hauls/<int:pk>/", hauls.haul, name="haul"),
    path("hauls/<int:pk>/strike/", hauls.strike, name="haul_strike"),
    path("law/", lawful.law, name="law"),
    path("terms/", lawful.terms, name="terms"),
    path("terms/<int:pk>/restore/", lawful.restore, name="terms_restore"),
    path("redgreen/", lawful.red_green, name="red_green"),
    path("mine/", own_tasks.mine, name="own_tasks"),
    path("mine/<int:pk>/", own_tasks.one, name="own_task"),
    path("mine/<int:pk>/say/<slug:name>/", own_tasks.say, name="own_say"),
    path("mine/said/<int:pk>/back/", own_tasks.back, name="own_back"),
]
