/* A pipeline: many commands in one round trip, their replies in one tree.
 *
 *     cc pipeline.c -lresilient_redis -o pipeline && ./pipeline redis://127.0.0.1:6379
 */

#include <inttypes.h>
#include <stdio.h>

#include <resilient_redis_format.h>

static int give_up(rr_error *err)
{
    fprintf(stderr, "%s: %s\n", rr_status_name(rr_error_status(err)), rr_error_message(err));
    rr_error_free(err);
    return 1;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"Ada Lovelace", "Grace Hopper", "Barbara Liskov"};
    rr_client *client;
    rr_pipeline *pipeline;
    rr_reply *reply;
    rr_error *err;
    const rr_value *root;
    size_t i;

    if (rr_client_open(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &client, &err) != RR_OK)
        return give_up(err);
    if (rr_pipeline_new(client, NULL, &pipeline, &err) != RR_OK)
        return give_up(err);
    for (i = 0; i < 3; i++)
        if (rr_pipeline_appendf(pipeline, &err, "HSET user:%zu name %s logins 0", i, names[i]) != RR_OK ||
            rr_pipeline_appendf(pipeline, &err, "HINCRBY user:%zu logins %d", i, 7) != RR_OK)
            return give_up(err);
    if (rr_pipeline_appendf(pipeline, &err, "HGETALL user:1") != RR_OK)
        return give_up(err);

    if (rr_pipeline_execute(pipeline, &reply, &err) != RR_OK)
        return give_up(err);
    root = rr_reply_view(reply);
    for (i = 0; i < root->count; i++) {
        const rr_value *value = &root->children[i];

        if (value->type == RR_TYPE_INTEGER)
            printf("%" PRId64 "\n", value->integer);
        else if (value->type == RR_TYPE_ERROR)
            printf("refused: %s\n", value->string);
        else
            printf("%s of %zu\n", rr_type_name(value->type), value->count);
    }
    rr_reply_free(reply);
    rr_pipeline_free(pipeline);
    rr_client_free(client);
    return 0;
}
