/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "told/mem.h"
#include "whole_file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *scratch_new(void)
{
    char *path = mem_copy("/tmp/told-test.XXXXXX");
    if (mkdtemp(path))
        return path;
    free(path);
    return NULL;
}

char *scratch_read(const char *directory, const char *name)
{
    char *path = mem_printf("%s/%s", directory, name), *text = whole_file(path, NULL);

    free(path);
    return text;
}

static void remove_tree(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        char *inner = mem_printf("%s/%s", path, entry->d_name);
        if (unlink(inner) < 0)
            remove_tree(inner);
        free(inner);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

void scratch_free(char *directory)
{
    if (directory)
        remove_tree(directory);
    free(directory);
}
