"""What the supervisor starts beside web and worker."""

from linqi.config.supervisor import bins


def test_bins_are_listened_to_only_when_a_broker_is_named():
    assert bins({}) == {}
    assert list(bins({"LINQI_MQTT_URL": "mqtt://127.0.0.1"})) == ["listen"]
    assert bins({"LINQI_MQTT_URL": " "}) == {}


def test_a_broker_of_our_own_is_run_where_it_is_installed_and_not_missed_for_ever_where_it_is_not(
    tmp_path, monkeypatch
):
    asked = {"LINQI_MQTT_EMBEDDED": "1", "PATH": str(tmp_path)}
    monkeypatch.setattr("linqi.config.supervisor.shutil.which", lambda name, path: None)
    assert bins(asked) == {}
    assert list(bins({**asked, "LINQI_MQTT_URL": "mqtt://elsewhere"})) == ["listen"]
    monkeypatch.setattr("linqi.config.supervisor.shutil.which", lambda name, path: "/usr/sbin/mosquitto")
    assert list(bins(asked)) == ["broker", "listen"]
