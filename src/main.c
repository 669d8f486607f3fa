/* SPDX-License-Identifier: PostgreSQL */
/* A word that is a command runs that command; everything else is the agent. */
#include "config.h"

#include <stdio.h>

#include "base/settings.h"
#include "cli/cli.h"
#include "db/target.h"
#include "service/service.h"

static int
print_help(void)
{
    settings_print_help(stdout);
    printf("\nCommands (pgalmanac COMMAND --help tells more):\n");
    cli_print_commands(stdout);
    return 0;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    SettingsRequest request = SETTINGS_RUN;

    if (argc > 1 && cli_find(argv[1]) != NULL)
        return cli_main(argc, argv);

    Settings *settings = settings_load(argc, argv, &request, &error);
    if (settings == NULL) {
        fprintf(stderr, "pgalmanac: %s\n", error->message);
        return CLI_USAGE;
    }
    for (int i = 1; i < argc; i++)
        db_conninfo_mask(argv[i]); /* ps shows what stands there */

    switch (request) {
    case SETTINGS_RUN:
        return service_run(settings);
    case SETTINGS_HELP:
        settings_free(settings);
        return print_help();
    case SETTINGS_VERSION:
        settings_free(settings);
        printf("pgalmanac %s\n", PACKAGE_VERSION);
        return 0;
    }
    return CLI_USAGE;
}
