/* Scores the texts of the documented file, and goes through every error: score MODEL */
#include "rlhf_scorer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

static uint32_t bits(float x) {
    uint32_t out;
    memcpy(&out, &x, sizeof out);
    return out;
}

static char *file(const char *path, size_t *len) {
    FILE *from = fopen(path, "rb");
    CHECK(from != NULL && fseek(from, 0, SEEK_END) == 0);
    *len = (size_t)ftell(from);
    rewind(from);
    char *bytes = malloc(*len + 1);
    CHECK(bytes != NULL && fread(bytes, 1, *len, from) == *len);
    fclose(from);
    return bytes;
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    struct rlhf_scorer *scorer = NULL;
    CHECK(rlhf_scorer_open(argv[1], 0, &scorer) == RLHF_CODE_OK);
    CHECK(rlhf_scorer_context(scorer) == 64 && rlhf_scorer_context(NULL) == 0);

    const char *texts[] = {"", "Hello", "Thank you, friend.", "Go away!"};
    const uint32_t want[] = {0xbdcbba55, 0xbda0b295, 0xbdbcbcc7, 0xbbb3b24e};
    float score, other;
    for (int i = 0; i < 4; i++) {
        CHECK(rlhf_scorer_score(scorer, texts[i], strlen(texts[i]), &score) == RLHF_CODE_OK);
        CHECK(bits(score) == want[i]);
        printf("%f %s\n", (double)score, texts[i]);
    }
    const uint32_t tokens[] = {'H', 'e', 'l', 'l', 'o', 256}, bad[] = {1, 257};
    CHECK(rlhf_scorer_score_tokens(scorer, tokens, 6, &score) == RLHF_CODE_OK && bits(score) == want[1]);
    CHECK(rlhf_scorer_score_reply(scorer, "Hel", 3, "lo", 2, &score) == RLHF_CODE_OK && bits(score) == want[1]);
    CHECK(rlhf_scorer_compare(scorer, "a", 1, "b", 1, &score) == RLHF_CODE_OK);
    CHECK(rlhf_scorer_compare(scorer, "b", 1, "a", 1, &other) == RLHF_CODE_OK);
    CHECK(score + other > 0.99999f && score + other < 1.00001f);
    CHECK(rlhf_scorer_compare(scorer, "Hello", 5, "Hey", 3, &score) == RLHF_CODE_OK);
    CHECK(rlhf_scorer_compare_replies(scorer, "He", 2, "llo", 3, "y", 1, &other) == RLHF_CODE_OK);
    CHECK(bits(score) == bits(other) && score != 0.5f);

    CHECK(rlhf_scorer_score(NULL, "a", 1, &score) == RLHF_CODE_NULL);
    CHECK(rlhf_scorer_score(scorer, NULL, 1, &score) == RLHF_CODE_NULL);
    CHECK(rlhf_scorer_score(scorer, "a", 1, NULL) == RLHF_CODE_NULL);
    CHECK(rlhf_scorer_score(scorer, "a", SIZE_MAX, &score) == RLHF_CODE_NULL);
    CHECK(rlhf_scorer_score(scorer, "\xff", 1, &score) == RLHF_CODE_UTF8);
    CHECK(rlhf_scorer_score_tokens(scorer, tokens, 0, &score) == RLHF_CODE_EMPTY);
    CHECK(rlhf_scorer_score_tokens(scorer, bad, 2, &score) == RLHF_CODE_TOKEN);
    char text[200];
    memset(text, 'x', sizeof text);
    CHECK(rlhf_scorer_score(scorer, text, sizeof text, &score) == RLHF_CODE_CONTEXT);
    CHECK(rlhf_scorer_open(argv[1], 65, &scorer) == RLHF_CODE_CONTEXT);
    CHECK(rlhf_scorer_open("none.rlhf", 0, &scorer) == RLHF_CODE_FILE);
    CHECK(rlhf_scorer_open(NULL, 0, &scorer) == RLHF_CODE_NULL);
    CHECK(rlhf_scorer_open(argv[1], 0, NULL) == RLHF_CODE_NULL);
    rlhf_scorer_close(scorer);
    rlhf_scorer_close(NULL);

    size_t len;
    char *bytes = file(argv[1], &len);
    /* Anywhere in memory. */
    memmove(bytes + 1, bytes, len);
    CHECK(rlhf_scorer_open_bytes((const uint8_t *)bytes + 1, len, 10, &scorer) == RLHF_CODE_OK);
    CHECK(rlhf_scorer_context(scorer) == 10);
    rlhf_scorer_close(scorer);
    CHECK(rlhf_scorer_open_bytes((const uint8_t *)bytes + 1, len - 1, 0, &scorer) == RLHF_CODE_DAMAGED);
    bytes[len / 2] ^= 4;
    CHECK(rlhf_scorer_open_bytes((const uint8_t *)bytes + 1, len, 0, &scorer) == RLHF_CODE_DAMAGED);
    CHECK(rlhf_scorer_open_bytes(NULL, 5, 0, &scorer) == RLHF_CODE_NULL);
    free(bytes);
    for (int code = RLHF_CODE_OK; code <= RLHF_CODE_OTHER; code++) {
        CHECK(strlen(rlhf_scorer_message(code)) > 5);
    }
    CHECK(rlhf_scorer_message(-1) == rlhf_scorer_message(RLHF_CODE_OTHER));
    return 0;
}
