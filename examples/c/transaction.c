/* A transaction: money goes from one account to another, or stays where it is, whoever else writes meanwhile.
 *
 *     cc transaction.c -lresilient_redis -o transaction && ./transaction redis://127.0.0.1:6379
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <resilient_redis_format.h>

/* What this program itself gives up with. */
#define TOO_POOR 1

static int64_t amount = 30;

static rr_status balance(rr_transaction *transaction, const char *account, int64_t *money)
{
    rr_reply *reply;
    rr_status status = rr_transaction_commandf(transaction, &reply, NULL, "GET %s", account);

    if (status == RR_OK)
        *money = rr_reply_string(reply) != NULL ? strtoll(rr_reply_string(reply), NULL, 10) : 0;
    rr_reply_free(reply);
    return status;
}

/* Reads both, and says what is to be done. Called again if one of them was changed before that was done. */
static int32_t prepare(rr_transaction *transaction, void *userdata)
{
    int64_t alice, bob;
    rr_status status;

    (void)userdata;
    if ((status = balance(transaction, "account:alice", &alice)) != RR_OK ||
        (status = balance(transaction, "account:bob", &bob)) != RR_OK)
        return status;
    if (alice < amount)
        return TOO_POOR;
    if ((status = rr_transaction_queuef(transaction, NULL, "SET account:alice %lld", (long long)(alice - amount))) != RR_OK)
        return status;
    return rr_transaction_queuef(transaction, NULL, "SET account:bob %lld", (long long)(bob + amount));
}

int main(int argc, char **argv)
{
    static const char *const accounts[] = {"account:alice", "account:bob"};
    rr_client *client;
    rr_error *err;
    rr_reply *reply;
    int attempt, failed = 0;

    if (rr_client_open(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &client, &err) != RR_OK ||
        rr_commandf(client, NULL, &err, "MSET account:alice 100 account:bob 0") < 0) {
        fprintf(stderr, "%s\n", rr_error_message(err));
        return 1;
    }
    for (attempt = 0; attempt < 2 && !failed; attempt++) {
        switch (rr_transaction_run(client, 2, accounts, NULL, prepare, NULL, 10, NULL, &err)) {
        case RR_OK:
            if (rr_commandf(client, &reply, &err, "MGET account:alice account:bob") == RR_OK)
                printf("%s and %s\n", rr_reply_element(reply, 0)->string, rr_reply_element(reply, 1)->string);
            rr_reply_free(reply);
            amount = 1000;
            break;
        case TOO_POOR:
            printf("%" PRId64 " is too much\n", amount);
            break;
        case RR_ERR_CONFLICT: /* ten times somebody else was faster: nothing was done */
        default:              /* rr_error_outcome() says whether it may have been done all the same */
            printf("%s: %s\n", rr_outcome_name(rr_error_outcome(err)), rr_error_message(err));
            rr_error_free(err);
            failed = 1;
        }
    }
    rr_client_free(client);
    return failed;
}
