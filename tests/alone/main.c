/* Nothing of a C library: what is undefined in the end is undefined in the scorer. */
#include <stddef.h>
unsigned score_everything(const unsigned char *, size_t, unsigned char *, size_t, const char *, size_t, float *);
static unsigned char memory[1 << 16];
void _start(void) {
    float score;
    volatile unsigned error = score_everything(memory, 1, memory, sizeof memory, "a", 1, &score);
    (void)error;
    for (;;) {}
}
void *memcpy(void *to, const void *from, size_t n) { char *t = to; const char *f = from; while (n--) *t++ = *f++; return to; }
void *memmove(void *to, const void *from, size_t n) {
    char *t = to; const char *f = from;
    if (t < f) while (n--) *t++ = *f++; else while (n--) t[n] = f[n];
    return to;
}
void *memset(void *to, int x, size_t n) { char *t = to; while (n--) *t++ = (char)x; return to; }
int memcmp(const void *a, const void *b, size_t n) {
    const unsigned char *x = a, *y = b;
    for (; n--; x++, y++) if (*x != *y) return *x < *y ? -1 : 1;
    return 0;
}
int bcmp(const void *a, const void *b, size_t n) { return memcmp(a, b, n); }
size_t strlen(const char *s) { size_t n = 0; while (s[n]) n++; return n; }
