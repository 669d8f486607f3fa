/* SPDX-License-Identifier: PostgreSQL */
/* Decides between a command and the agent, and keeps passwords out of ps. */
#include "config.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"
#include "cli/cli.h"
#include "db/conninfo.h"
#include "service/service.h"

/* The value in "--name=value" or "-nvalue", else the whole word. */
static char *
value_of(char *word)
{
    if (word[0] != '-' || !word[1])
        return word;
    if (word[1] != '-')
        return word + 2;
    char *equals = strchr(word, '=');
    return equals ? equals + 1 : word + strlen(word);
}

/* Each word alone, and then words that stand together as one string: a quoted password may be spread over
 * several. Other words that get masked with it harm nobody. */
static void
mask_passwords(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        db_conninfo_mask(value_of(argv[i]));
    for (int i = 1, end; i < argc; i = end + 1) {
        for (end = i; end < argc && argv[end][0] != '-';)
            end++;
        if (end - i > 1)
            db_conninfo_mask_words(argv + i, end - i);
    }
}

static void
print_help(void)
{
    settings_print_help(stdout);
    printf("\nCommands (pgalmanac COMMAND --help tells more):\n");
    cli_print_commands(stdout);
}

static int
fail(const char *message)
{
    fprintf(stderr, "pgalmanac: %s\n", message);
    return CLI_USAGE;
}

static int
run_agent(int argc, char **argv)
{
    SettingsRequest request;
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings = settings_load(argc, argv, &request, &error);
    if (!settings)
        return fail(error->message);

    switch (request) {
    case SETTINGS_HELP:
        print_help();
        return EXIT_SUCCESS;
    case SETTINGS_VERSION:
        printf("pgalmanac " PACKAGE_VERSION "\n");
        return EXIT_SUCCESS;
    case SETTINGS_RUN:
        break;
    }
    return service_run(g_steal_pointer(&settings));
}

int
main(int argc, char **argv)
{
    g_auto(GStrv) words = g_strdupv(argv);
    mask_passwords(argc, argv);
    if (argc > 1 && cli_find(words[1]))
        return cli_main(argc, words);
    return run_agent(argc, words);
}
