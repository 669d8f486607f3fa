SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'schema_version'
