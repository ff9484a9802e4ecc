/* @TITLE@
 * Stand-alone: needs nothing but a C compiler. Usage:
 *
 *     cc -O2 -o machine machine.c -lm
 *     ./machine "test string." --ticks 140
 *     ./machine < data.csv
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A stream is an array: its plain number, then a number for every key. */
enum { N_STREAMS = @N_STREAMS@, N_INPUTS = @N_INPUTS@, N_KEYS = @N_KEYS@, N_SOURCES = @N_SOURCES@ };
enum { N_OBSERVED = @N_OBSERVED@, N_LINKS = @N_LINKS@, N_INITIAL = @N_INITIAL@ };
/* A row is held for so many ticks and answered so many ticks after its first. */
enum { HELD = @HELD@, DELAY = @DELAY@, TEXT_IS_ROWS = @TEXT_IS_ROWS@, TEXT_SOURCE = @TEXT_SOURCE@ };

static const char *const KEYS[N_KEYS + 1] = {@KEYS@};
static const char *const SOURCES[N_SOURCES + 1] = {@SOURCES@};
static const struct { int stream; const char *name; int has_keys; } OBSERVED[N_OBSERVED + 1] = {
@OBSERVED@
    {0, "", 0}};
static const struct { int receiver, sender, is_number; double weight; } LINKS[N_LINKS + 1] = {
@LINKS@
    {0, 0, 0, 0.0}};
/* Before the first tick. */
static const struct { int stream, column; double x; } INITIAL[N_INITIAL + 1] = {
@INITIAL@
    {0, 0, 0.0}};

typedef struct {
    int ticks, width, tick;
    double *streams[N_STREAMS + 1];
    double *entries[N_SOURCES + 1]; /* ticks times width, or NULL */
} Run;

static void fail(const char *what, const char *name) {
    fprintf(stderr, "machine: %s%s\n", what, name);
    exit(2);
}

static void *some(size_t n, size_t size) {
    void *memory = calloc(n ? n : 1, size);
    if (!memory) fail("not enough memory", "");
    return memory;
}

/* What each type of neuron does. */
@FUNCTIONS@

/* The entry of an outside stream, if there is one of this number. */
static void emit(const Run *run, int source, double index, double *out) {
    if (!run->entries[source] || index < 0 || index >= run->ticks || index != floor(index)) return;
    memcpy(out, run->entries[source] + (size_t)index * run->width, run->width * sizeof *out);
}

/* Inputs of all neurons: every link adds weight times what its sender emitted last. */
static void down_movement(Run *run) {
    double *const *s = run->streams;
    for (int i = 0; i < N_INPUTS; i++) memset(s[i], 0, run->width * sizeof *s[i]);
    for (int i = 0; i < N_LINKS; i++) {
        double *into = s[LINKS[i].receiver], *from = s[LINKS[i].sender];
        int width = LINKS[i].is_number ? 1 : run->width;
        for (int k = 0; k < width; k++) into[k] += LINKS[i].weight * from[k];
    }
}

/* Outputs of all neurons: every neuron applies its function to its inputs. */
static void up_movement(Run *run) {
    double *const *s = run->streams;
    int width = run->width, tick = run->tick;
    for (int i = N_INPUTS; i < N_STREAMS; i++) memset(s[i], 0, width * sizeof *s[i]);
    (void)tick;
    (void)emit;
@FIRINGS@
}

/* ---------------- keys: the machine's own, then those of what it reads ---------------- */

static char **keys;
static int n_keys;

static char *copied(const char *text, size_t length) {
    char *copy = some(length + 1, 1);
    memcpy(copy, text, length);
    return copy;
}

static int column_of(const char *key, size_t length) {
    if (length == 0) return 0;
    for (int k = 1; k < n_keys; k++)
        if (strlen(keys[k]) == length && !memcmp(keys[k], key, length)) return k;
    keys = realloc(keys, (n_keys + 1) * sizeof *keys);
    if (!keys) fail("not enough memory", "");
    keys[n_keys] = copied(key, length);
    return n_keys++;
}

static void begin(Run *run, int ticks) {
    run->ticks = ticks;
    run->width = n_keys;
    run->tick = 0;
    for (int i = 0; i < N_STREAMS; i++) run->streams[i] = some(n_keys, sizeof(double));
    for (int i = 0; i < N_INITIAL; i++)
        run->streams[INITIAL[i].stream][INITIAL[i].column] = INITIAL[i].x;
}

static void step(Run *run) {
    down_movement(run);
    up_movement(run);
    run->tick++;
}

/* ---------------- printing ---------------- */

static void print_name(const char *name, const char *key) {
    int is_quoted = strpbrk(name, "\",\r\n") || strpbrk(key, "\",\r\n");
    const char *parts[3] = {name, *key ? "/" : "", key};
    fputs(is_quoted ? ",\"" : ",", stdout);
    for (int i = 0; i < 3; i++)
        for (const char *c = parts[i]; *c; c++) {
            if (is_quoted && *c == '"') putchar('"');
            putchar(*c);
        }
    if (is_quoted) putchar('"');
}

static void print_header(const char *first) {
    fputs(first, stdout);
    for (int i = 0; i < N_OBSERVED; i++)
        for (int k = 0; k < (OBSERVED[i].has_keys ? n_keys : 1); k++)
            print_name(OBSERVED[i].name, keys[k]);
    putchar('\n');
}

static void print_line(const Run *run, int number) {
    printf("%d", number);
    for (int i = 0; i < N_OBSERVED; i++)
        for (int k = 0; k < (OBSERVED[i].has_keys ? n_keys : 1); k++)
            printf(",%.17g", run->streams[OBSERVED[i].stream][k]);
    putchar('\n');
}

/* Run rows - per source, n_rows times width, or NULL - and print an answer to each. */
static void answer(double *const rows[], int n_rows) {
    Run run;
    size_t width = n_keys;
    begin(&run, n_rows * HELD + DELAY);
    for (int i = 0; i < N_SOURCES; i++) {
        run.entries[i] = rows[i] ? some(run.ticks * width, sizeof(double)) : NULL;
        for (int t = 0; rows[i] && t < n_rows * HELD; t++)
            memcpy(run.entries[i] + t * width, rows[i] + t / HELD * width, width * sizeof(double));
    }
    print_header("row");
    for (int row = 0; row < n_rows;) {
        step(&run);
        if (run.tick - 1 == row * HELD + DELAY) print_line(&run, ++row);
    }
}

/* ---------------- text ---------------- */

/* The next character of a text in UTF-8 as a column; moves the text on. */
static int next_letter(const char **text) {
    const char *start = *text;
    char escaped[3] = {'\\', *start, 0};
    do (*text)++; while ((**text & 0xC0) == 0x80);
    if (*start == '\\' || *start == '/') return column_of(escaped, 2);
    return column_of(start, *text - start);
}

static void run_text(const char *text, int ticks, int period) {
    int n_letters = 0, *letters = some(strlen(text), sizeof *letters);
    while (*text) letters[n_letters++] = next_letter(&text);
    double *rows[N_SOURCES + 1] = {0};
    int n_rows = TEXT_IS_ROWS ? n_letters : ticks;
    size_t width = n_keys;
    double *entries = some(n_rows * width, sizeof *entries);
    for (int t = 0; t < n_rows; t++) {
        int place = TEXT_IS_ROWS ? t : t / period;
        if (place >= n_letters) place = n_letters - 1;
        if (TEXT_IS_ROWS || t % period == 0) entries[t * width + letters[place]] = 1.0;
    }
    if (TEXT_SOURCE >= 0) rows[TEXT_SOURCE < 0 ? 0 : TEXT_SOURCE] = entries;
    if (TEXT_IS_ROWS) {
        answer(rows, n_rows);
        return;
    }
    Run run;
    begin(&run, ticks);
    for (int i = 0; i < N_SOURCES; i++) run.entries[i] = rows[i];
    print_header("tick");
    while (run.tick < ticks) {
        step(&run);
        print_line(&run, run.tick);
    }
}

/* ---------------- tables in CSV ---------------- */

static char *read_all(void) {
    size_t size = 0, room = 65536, got;
    char *text = some(room, 1);
    while ((got = fread(text + size, 1, room - size - 1, stdin)) > 0) {
        size += got;
        if (room - size < 2 && !(text = realloc(text, room *= 2))) fail("not enough memory", "");
    }
    text[size] = 0;
    return text;
}

/* The next cell, unquoted in place; *end is what stood behind it: ',', '\n' or 0. */
static char *next_cell(char **text, char *end) {
    char *cell = *text, *from = cell, *to = cell;
    int is_quoted = 0;
    for (; *from && (is_quoted || (*from != ',' && *from != '\n')); from++) {
        if (is_quoted && from[0] == '"' && from[1] == '"') *to++ = *from++;
        else if (*from == '"') is_quoted = !is_quoted;
        else if (is_quoted || *from != '\r') *to++ = *from;
    }
    *end = *from;
    *text = *from ? from + 1 : from;
    *to = 0;
    return cell;
}

/* Source and column that a column of the table holds: "stream", "stream/key", or without "stream-"
 * in front; -1 for none. */
static int meaning(const char *name, int *column) {
    for (int i = 0; i < N_SOURCES; i++)
        for (int is_short = 0; is_short < 2; is_short++) {
            const char *source = SOURCES[i];
            if (is_short && !strncmp(source, "stream-", 7)) source += 7;
            size_t length = strlen(source);
            if (strncmp(name, source, length)) continue;
            if (name[length] == 0) return *column = 0, i;
            if (length && name[length] == '/') {
                *column = column_of(name + length + 1, strlen(name + length + 1));
                return i;
            }
        }
    return -1;
}

static int is_blank(const char *cell) {
    return cell[strspn(cell, " \t")] == 0;
}

static double number_in(const char *cell, int row, const char *name) {
    char *rest;
    double x = strtod(cell, &rest);
    if (rest == cell || !is_blank(rest)) {
        fprintf(stderr, "machine: row %d, column \"%s\": \"%s\" is no number\n", row, name, cell);
        exit(2);
    }
    return x;
}

typedef struct { int source, column; char *name; } Column;

static Column *read_header(char **text, int *n_columns) {
    Column *columns = NULL;
    char end = ',';
    for (*n_columns = 0; end == ','; ++*n_columns) {
        columns = realloc(columns, (*n_columns + 1) * sizeof *columns);
        if (!columns) fail("not enough memory", "");
        Column *column = columns + *n_columns;
        column->name = next_cell(text, &end);
        column->source = meaning(column->name, &column->column);
    }
    for (int i = 0, c; i < N_SOURCES; i++) {
        for (c = 0; c < *n_columns && columns[c].source != i;) c++;
        if (c == *n_columns) fail("no column is called ", SOURCES[i]);
    }
    return columns;
}

static void run_table(char *text) {
    int n_columns, n_rows = 0;
    if (!strncmp(text, "\xEF\xBB\xBF", 3)) text += 3;
    Column *columns = read_header(&text, &n_columns);
    double *rows[N_SOURCES + 1] = {0};
    size_t width = n_keys, room = 0;
    while (*text) {
        char end = ',', *first = next_cell(&text, &end);
        if (end != ',' && is_blank(first)) continue; /* an empty line */
        for (int i = 0; (size_t)n_rows == room && i < N_SOURCES; i++) {
            size_t more = 2 * room + 64;
            if (!(rows[i] = realloc(rows[i], more * width * sizeof(double))))
                fail("not enough memory", "");
            memset(rows[i] + room * width, 0, (more - room) * width * sizeof(double));
        }
        if ((size_t)n_rows == room) room = 2 * room + 64;
        char *cell = first;
        for (int c = 0;; c++) {
            if (c < n_columns && columns[c].source >= 0 && !is_blank(cell)) {
                size_t place = n_rows * width + columns[c].column;
                rows[columns[c].source][place] = number_in(cell, n_rows + 1, columns[c].name);
            }
            if (end != ',') break;
            cell = next_cell(&text, &end);
        }
        n_rows++;
    }
    if (!n_rows) fail("the table is empty; it needs a header and rows", "");
    answer(rows, n_rows);
}

int main(int n_arguments, char **arguments) {
    int ticks = 140, period = 10;
    const char *text = NULL;
    keys = some(N_KEYS + 1, sizeof *keys);
    keys[n_keys++] = copied("", 0);
    for (int k = 0; k < N_KEYS; k++) keys[n_keys++] = copied(KEYS[k], strlen(KEYS[k]));
    for (int i = 1; i < n_arguments; i++) {
        int is_ticks = !strcmp(arguments[i], "--ticks");
        if (is_ticks || !strcmp(arguments[i], "--period")) {
            int value = i + 1 < n_arguments ? atoi(arguments[i + 1]) : 0;
            if (value < 1) fail(arguments[i], " must be at least 1");
            *(is_ticks ? &ticks : &period) = value;
            i++;
        } else if (!text && strncmp(arguments[i], "--", 2)) {
            text = arguments[i];
        } else {
            fail("unknown argument ", arguments[i]);
        }
    }
    if (text && !*text) fail("the text must not be empty", "");
    if (text) run_text(text, ticks, period);
    else run_table(read_all());
    return 0;
}
