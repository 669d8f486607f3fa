-- What is wrong and not shown elsewhere.
SELECT h.kind, h.name, h.state, h.detail
FROM pgagent.pga_health h
WHERE h.state NOT IN ('fine', 'late') AND h.kind NOT IN ('pause', 'skipped')
