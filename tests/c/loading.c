/* The library may be loaded twice from two paths, forked with, and unloaded, in one process. LIBRARIES names the two. */

#include "check.h"

#include <dlfcn.h>

struct copy {
    void *handle;
    rr_client *client;
    rr_status (*open)(const char *, rr_client **, rr_error **);
    rr_status (*command)(rr_client *, size_t, const char *const *, const size_t *, rr_reply **, rr_error **);
    void (*reply_free)(rr_reply *);
    void (*client_free)(rr_client *);
};

/* A pointer to data is not a pointer to a function in ISO C; POSIX promises that this works. */
static void find(void *handle, const char *name, void *function)
{
    void *found = dlsym(handle, name);

    CHECK(found != NULL);
    memcpy(function, &found, sizeof found);
}

static void load(struct copy *copy, const char *path)
{
    copy->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (copy->handle == NULL)
        fail(__FILE__, __LINE__, "%s", dlerror());
    find(copy->handle, "rr_client_open", &copy->open);
    find(copy->handle, "rr_command", &copy->command);
    find(copy->handle, "rr_reply_free", &copy->reply_free);
    find(copy->handle, "rr_client_free", &copy->client_free);
}

int main(int argc, char **argv)
{
    const char *const ping[] = {"PING"};
    char *paths = getenv("LIBRARIES"), *second;
    static struct copy copies[2];
    rr_reply *reply = NULL;
    int round, i;

    CHECK_EQ(argc, 2);
    CHECK(paths != NULL);
    second = strchr(paths, ':');
    CHECK(second != NULL);
    *second++ = '\0';

    for (round = 0; round < 3; round++) {
        load(&copies[0], paths);
        load(&copies[1], second);
        CHECK(copies[0].command != copies[1].command);
        for (i = 0; i < 2; i++)
            CHECK_EQ(copies[i].open(argv[1], &copies[i].client, NULL), RR_OK);
        for (i = 0; i < 2; i++) {
            CHECK_EQ(copies[i].command(copies[i].client, 1, ping, NULL, &reply, NULL), RR_OK);
            copies[i].reply_free(reply);
            /* A client of the other copy is told. */
            CHECK_EQ(copies[i].command(copies[1 - i].client, 1, ping, NULL, &reply, NULL), RR_ERR_INVALID_ARGUMENT);
            copies[i].client_free(copies[1 - i].client);
            CHECK_EQ(copies[1 - i].command(copies[1 - i].client, 1, ping, NULL, NULL, NULL), RR_OK);
        }
        copies[0].client_free(copies[0].client);
        CHECK_EQ(dlclose(copies[0].handle), 0);
        /* With a client that is alive, on purpose in the last round only: it is not freed any more. */
        if (round < 2)
            copies[1].client_free(copies[1].client);
        CHECK_EQ(dlclose(copies[1].handle), 0);
    }
    pause_ms(50);
    return 0;
}
