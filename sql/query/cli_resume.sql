-- Ends the pause; false: there was none.
SELECT pgagent.resume() AS was_paused
