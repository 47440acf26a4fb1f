/* SPDX-License-Identifier: Apache-2.0 */
#include "identity_corpus.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "told/json.h"
#include "told/mem.h"

enum { OF_EACH_KIND = 16 };

/* ---- by hand: what has gone wrong somewhere, and what must not ---- */

static const struct corpus_pair BY_HAND[] = {
    {"accents and case", ",,Quérandel,Zoë,2009-04-11,SE15 2AA", "",
     "{\"family_name\":\"QUERANDEL\",\"given_names\":\"zoe\",\"born_on\":\"2009-04-11\",\"postcode\":\"se152aa\"}", true, CORPUS_CERTAIN},
    {"apostrophe", ",,O'Fennimore,Teague,2010-01-30,SE15 3AB", "",
     "{\"family_name\":\"OFENNIMORE\",\"given_names\":\"Teague\",\"born_on\":\"2010-01-30\",\"postcode\":\"SE15 3AB\"}", true, CORPUS_CERTAIN},
    {"apostrophe as a blank", ",,O’Grattery,Maeve,2010-02-27,SE15 3AC", "",
     "{\"family_name\":\"O Grattery\",\"given_names\":\"Maeve\",\"born_on\":\"2010-02-27\",\"postcode\":\"SE15 3AC\"}", true, CORPUS_CERTAIN},
    {"hyphen", ",,Ardwick-Bolle,Mary-Jane,2008-12-01,SE16 4AD", "",
     "{\"family_name\":\"Ardwick Bolle\",\"given_names\":\"Mary Jane\",\"born_on\":\"2008-12-01\",\"postcode\":\"SE16 4AD\"}", true, CORPUS_CERTAIN},
    {"half of a double name", ",,Cravensby-Doule,Ines,2011-03-09,SE16 4AE", "",
     "{\"family_name\":\"Cravensby\",\"given_names\":\"Ines\",\"born_on\":\"2011-03-09\",\"postcode\":\"SE16 4AE\"}", true, CORPUS_DOUBTFUL},
    {"decomposed accent", ",,Mbédowe,Aimé,2009-08-17,SE17 1AF", "",
     "{\"family_name\":\"Mbe\\u0301dowe\",\"given_names\":\"Aime\\u0301\",\"born_on\":\"2009-08-17\",\"postcode\":\"SE17 1AF\"}", true, CORPUS_CERTAIN},
    {"order of given names", ",,Ellesandro,Rosa Pia,2010-10-10,SE17 1AG", "",
     "{\"family_name\":\"Ellesandro\",\"given_names\":\"Pia Rosa\",\"born_on\":\"2010-10-10\",\"postcode\":\"SE17 1AG\"}", true, CORPUS_CERTAIN},
    {"given and family swapped", ",,Fenwithy,Korrin,2009-06-21,SE17 2AH", "",
     "{\"family_name\":\"Korrin\",\"given_names\":\"Fenwithy\",\"born_on\":\"2009-06-21\",\"postcode\":\"SE17 2AH\"}", true, CORPUS_DOUBTFUL},
    {"swapped, and the number agrees", "2019/0009001A,,Gathermole,Imrie,2009-06-22,", "",
     "{\"identifiers\":{\"pnc\":\"19/9001A\"},\"family_name\":\"Imrie\",\"given_names\":\"Gathermole\",\"born_on\":\"2009-06-22\"}", true, CORPUS_CERTAIN},
    {"surname changed, number and birth agree", "2019/0009002A,,Hollinsgate,Junia,2010-07-04,", "",
     "{\"identifiers\":{\"pnc\":\"19/9002A\"},\"family_name\":\"Iverdale\",\"given_names\":\"Junia\",\"born_on\":\"2010-07-04\"}", true, CORPUS_CERTAIN},
    {"surname changed, number agrees, birth not stated", "2019/0009003A,,Jessopine,Kaveh,2010-07-05,", "",
     "{\"identifiers\":{\"pnc\":\"19/9003A\"},\"family_name\":\"Lorrimand\",\"given_names\":\"Kaveh\"}", true, CORPUS_DOUBTFUL},
    {"surname changed, no number", ",,Kettlebrand,Ondine,2011-11-11,", "",
     "{\"family_name\":\"Mossgrave\",\"given_names\":\"Ondine\",\"born_on\":\"2011-11-11\"}", true, CORPUS_DOUBTFUL},
    {"twin's number in the event", "2019/0009004A,,Larkendale,Tobiah,2009-09-09,SE18 3AJ", "2019/0009005A,,Larkendale,Ruthven,2009-09-09,SE18 3AJ",
     "{\"identifiers\":{\"pnc\":\"19/9005A\"},\"family_name\":\"Larkendale\",\"given_names\":\"Tobiah\",\"born_on\":\"2009-09-09\",\"postcode\":\"SE18 3AJ\"}", true, CORPUS_DOUBTFUL},
    {"twins who are called alike", ",,Marchbane,Jane,2010-03-03,SE18 4AK", ",,Marchbane,Jade,2010-03-03,SE18 4AK",
     "{\"family_name\":\"Marchbane\",\"given_names\":\"Jane\",\"born_on\":\"2010-03-03\",\"postcode\":\"SE18 4AK\"}", true, CORPUS_DOUBTFUL},
    {"twin's number, names one letter apart", "2019/0009006A,,Nethercole,Daniel,2010-05-05,SE18 5AL", "",
     "{\"identifiers\":{\"pnc\":\"19/9006A\"},\"family_name\":\"Nethercole\",\"given_names\":\"Danielle\",\"born_on\":\"2010-05-05\",\"postcode\":\"SE18 5AL\"}", false, CORPUS_DOUBTFUL},
    {"twins with one middle name", "2019/0009007A,,Ormandale,Anna Maria,2009-01-09,SE19 1AM", "",
     "{\"identifiers\":{\"pnc\":\"19/9007A\"},\"family_name\":\"Ormandale\",\"given_names\":\"Lena Maria\",\"born_on\":\"2009-01-09\"}", false, CORPUS_DOUBTFUL},
    {"brother gives his brother's number", "2019/0009008A,,Pellowick,Idris,2009-12-12,SE19 2AN", "",
     "{\"identifiers\":{\"pnc\":\"19/9008A\"},\"family_name\":\"Pellowick\",\"given_names\":\"Emrys\",\"born_on\":\"2011-02-02\",\"postcode\":\"SE19 2AN\"}", false, CORPUS_DOUBTFUL},
    {"brother gives no number", ",,Quenbrook,Idwal,2009-12-13,SE19 2AP", "",
     "{\"family_name\":\"Quenbrook\",\"given_names\":\"Hefin\",\"born_on\":\"2011-02-03\",\"postcode\":\"SE19 2AP\"}", false, CORPUS_NONE},
    {"father and son of one name", ",,Rathbonnel,Piers,2009-03-14,SE19 3AQ", "",
     "{\"family_name\":\"Rathbonnel\",\"given_names\":\"Piers\",\"born_on\":\"1979-10-01\",\"postcode\":\"SE19 3AQ\"}", false, CORPUS_NOT_WRONG},
    {"namesake born the same day", ",,Sallowfield,Mira,2010-04-15,SE20 1AR", "",
     "{\"family_name\":\"Sallowfield\",\"given_names\":\"Mira\",\"born_on\":\"2010-04-15\",\"postcode\":\"M1 1AA\"}", false, CORPUS_DOUBTFUL},
    {"two namesakes born the same day", ",,Thornaby-Vale,Lio,2010-04-16,SE20 1AS", ",,Thornaby-Vale,Lio,2010-04-16,SE20 9ZX",
     "{\"family_name\":\"Thornaby-Vale\",\"given_names\":\"Lio\",\"born_on\":\"2010-04-16\",\"postcode\":\"SE20 1AS\"}", true, CORPUS_DOUBTFUL},
    {"no address is no agreement", ",,Umberleigh,Nessa,2011-05-16,", "",
     "{\"family_name\":\"Umberleigh\",\"given_names\":\"Nessa\",\"born_on\":\"2011-05-16\",\"postcode\":\"ZZ99 3VZ\"}", true, CORPUS_DOUBTFUL},
    {"day and month swapped, all else agrees", ",,Vellacroft,Oren,2010-02-11,SE21 7AT", "",
     "{\"family_name\":\"Vellacroft\",\"given_names\":\"Oren\",\"born_on\":\"2010-11-02\",\"postcode\":\"SE21 7AT\"}", true, CORPUS_DOUBTFUL},
    {"number agrees, day and month swapped", "2019/0009009A,,Wexbourne,Petra,2010-03-12,", "",
     "{\"identifiers\":{\"pnc\":\"19/9009A\"},\"family_name\":\"Wexbourne\",\"given_names\":\"Petra\",\"born_on\":\"2010-12-03\"}", true, CORPUS_DOUBTFUL},
    {"number mistyped, all else agrees", "2019/0009010A,,Yarrowby,Quill,2010-06-13,SE21 8AU", "",
     "{\"identifiers\":{\"pnc\":\"19/9011A\"},\"family_name\":\"Yarrowby\",\"given_names\":\"Quill\",\"born_on\":\"2010-06-13\",\"postcode\":\"SE21 8AU\"}", true, CORPUS_DOUBTFUL},
    {"two numbers, two children", "2019/0009012A,,Zennerly,Ravi,2010-06-14,", ",A9012AA,Abbotsdene,Sable,2010-08-14,",
     "{\"identifiers\":{\"pnc\":\"19/9012A\",\"noms\":\"A9012AA\"}}", false, CORPUS_DOUBTFUL},
    {"number of one, name and birth of another", "2019/0009013A,,,,,", ",,Brackenhurst,Tove,2010-09-15,",
     "{\"identifiers\":{\"pnc\":\"19/9013A\"},\"family_name\":\"Brackenhurst\",\"given_names\":\"Tove\",\"born_on\":\"2010-09-15\"}", false, CORPUS_DOUBTFUL},
    {"number alone", "2019/0009014A,,Caldermoor,Ulla,2010-09-16,", "", "{\"identifiers\":{\"pnc\":\"19/9014A\"}}", true, CORPUS_CERTAIN},
    {"number, and the name is not known", "2019/0009015A,,Dunmarrow,Vidar,2010-09-17,", "",
     "{\"identifiers\":{\"pnc\":\"19/9015A\"},\"family_name\":\"Unknown\",\"given_names\":\"n/a\"}", true, CORPUS_CERTAIN},
    {"name alone", ",,Eskerdale,Willem,2010-09-18,", "", "{\"family_name\":\"Eskerdale\",\"given_names\":\"Willem\"}", true, CORPUS_DOUBTFUL},
    {"sounds alike", ",,Fyshwick,Xander,2010-09-19,SE22 1AV", "",
     "{\"family_name\":\"Fishwyck\",\"given_names\":\"Zander\",\"born_on\":\"2010-09-19\",\"postcode\":\"SE22 1AV\"}", true, CORPUS_DOUBTFUL},
    {"birth and postcode, no name", ",,Gildersome,Ysolde,2010-09-20,SE22 2AW", "",
     "{\"born_on\":\"2010-09-20\",\"postcode\":\"SE22 2AW\"}", true, CORPUS_DOUBTFUL},
    {"birth alone", ",,Hazeldene,Zinnia,2012-12-25,SE22 3AX", "", "{\"born_on\":\"2012-12-25\"}", false, CORPUS_NONE},
    {"given name alone", ",,Inglesham,Alizarin,2012-12-24,", "", "{\"given_names\":\"Alizarin\"}", true, CORPUS_NOT_WRONG},
    {"nothing", ",,Jarrowick,Bettine,2012-12-23,", "", "{}", false, CORPUS_NONE},
    {"placeholder for a birth", ",,Kirkandale,Corvin,1900-01-01,", "",
     "{\"family_name\":\"Lindquarry\",\"given_names\":\"Mostyn\",\"born_on\":\"1900-01-01\"}", false, CORPUS_NONE},
    {"another script", ",,Ковалева,Оксана,2010-01-02,SE23 1AY", "",
     "{\"family_name\":\"Ковалева\",\"given_names\":\"Оксана\",\"born_on\":\"2010-01-02\",\"postcode\":\"SE23 1AY\"}", true, CORPUS_CERTAIN},
};

/* ---- by seed ---- */

static unsigned draw(unsigned *seed, unsigned below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % below;
}

static void put_name(unsigned *seed, int syllables, char out[32])
{
    static const char *const BEGIN[] = {"Bre", "Cal", "Dro", "Fen", "Gwi", "Hal", "Jor", "Kel", "Lun", "Mor", "Nib", "Ost", "Pra", "Quo", "Ril", "Sto", "Tam", "Ulm", "Vex", "Wyl"};
    static const char *const MIDDLE[] = {"ba", "cho", "du", "fi", "go", "hi", "ke", "lo", "mu", "na", "pe", "ri", "so", "ta", "vu", "za"};
    static const char *const END[] = {"cott", "dale", "fell", "gard", "holt", "kins", "lund", "mere", "nock", "port", "rick", "shaw", "thorp", "wold", "yate", "zel"};

    snprintf(out, 32, "%s%s%s", BEGIN[draw(seed, 20)], MIDDLE[draw(seed, 16)], syllables > 2 ? END[draw(seed, 16)] : "");
}

struct made {
    char family[32], given[32], other_family[32], other_given[32], born[40], postcode[12], other_postcode[12];
    int year, month, day, number;
};

static void make(unsigned *seed, int number, struct made *ret)
{
    put_name(seed, 3, ret->family);
    put_name(seed, 2, ret->given);
    do
        put_name(seed, 3, ret->other_family);
    while (strncmp(ret->other_family, ret->family, 3) == 0);
    do
        put_name(seed, 2, ret->other_given);
    while (ret->other_given[0] == ret->given[0]);
    ret->year = 2007 + (int)draw(seed, 7);
    ret->month = 1 + (int)draw(seed, 12);
    do
        ret->day = 1 + (int)draw(seed, 12); /* a day that may be a month */
    while (ret->day == ret->month);
    ret->number = number;
    snprintf(ret->born, sizeof ret->born, "%04d-%02d-%02d", ret->year, ret->month, ret->day);
    snprintf(ret->postcode, sizeof ret->postcode, "SE%u %u%c%c", 1 + draw(seed, 28), draw(seed, 10), (int)('A' + draw(seed, 8)), (int)('L' + draw(seed, 9)));
    snprintf(ret->other_postcode, sizeof ret->other_postcode, "B%u %u%c%c", 1 + draw(seed, 40), draw(seed, 10), (int)('A' + draw(seed, 8)), (int)('L' + draw(seed, 9)));
}

static void __attribute__((format(printf, 2, 3))) put(char out[512], const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vsnprintf(out, 512, format, values);
    va_end(values);
}

#define NAMED "\"family_name\":\"%s\",\"given_names\":\"%s\",\"born_on\":\"%s\""
#define PLACED NAMED ",\"postcode\":\"%s\""

typedef void kind_fn(const struct made *m, unsigned *seed, struct corpus_pair *p);

static void number_agrees(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    (void)seed;
    put(p->person, "{\"identifiers\":{\"pnc\":\"20/%dB\"}," PLACED "}", m->number, m->family, m->given, m->born, m->postcode);
}

static void combination_agrees(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    (void)seed;
    put(p->person, "{" PLACED "}", m->family, m->given, m->born, m->postcode);
}

static void unknown_twin(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    (void)seed;
    put(p->person, "{" PLACED "}", m->family, m->other_given, m->born, m->postcode);
}

static void known_twins(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    snprintf(p->other, sizeof p->other, ",,%s,%s,%s,%s", m->family, m->other_given, m->born, m->postcode);
    combination_agrees(m, seed, p);
}

static void namesake(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    put(p->person, "{" NAMED ",\"postcode\":\"%s\"}", m->family, m->given, draw(seed, 2) ? "2006-10-31" : "2014-10-29", m->other_postcode);
}

static void namesake_born_alike(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    (void)seed;
    put(p->person, "{" PLACED "}", m->family, m->given, m->born, m->other_postcode);
}

static void changed_surname(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    put(p->person, "{" PLACED "}", m->other_family, m->given, m->born, draw(seed, 2) ? m->postcode : m->other_postcode);
}

static void swapped_names(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    (void)seed;
    put(p->person, "{" NAMED "}", m->given, m->family, m->born);
}

static void swapped_date(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    char born[16];

    (void)seed;
    snprintf(born, sizeof born, "%04d-%02d-%02d", m->year % 10000, m->day % 100, m->month % 100);
    put(p->person, "{" PLACED "}", m->family, m->given, born, m->postcode);
}

static void mistyped_date(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    char born[16];

    (void)seed;
    snprintf(born, sizeof born, "%04d-%02d-%02d", (m->year + (m->year % 10 == 9 ? -1 : 1)) % 10000, m->month % 100, m->day % 100);
    put(p->person, "{" NAMED "}", m->family, m->given, born);
}

static void mistyped_name(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    char family[32];
    size_t at = 1 + draw(seed, (unsigned)strlen(m->family) - 2);

    snprintf(family, sizeof family, "%.*s%s", (int)at, m->family, m->family + at + 1);
    put(p->person, "{" PLACED "}", family, m->given, m->born, m->postcode);
}

static void reused_number(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    (void)seed;
    put(p->person, "{\"identifiers\":{\"pnc\":\"20/%dB\"}," NAMED "}", m->number, m->other_family, m->other_given, "2013-12-31");
}

static void merged_numbers(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    (void)seed;
    snprintf(p->other, sizeof p->other, ",B%04dCD,%s,%s,2012-01-31,", m->number % 10000, m->other_family, m->other_given);
    put(p->person, "{\"identifiers\":{\"pnc\":\"20/%dB\",\"noms\":\"B%04dCD\"}," NAMED "}", m->number, m->number % 10000, m->family, m->given, m->born);
}

static void mistyped_number(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    (void)seed;
    put(p->person, "{\"identifiers\":{\"pnc\":\"20/%d7B\"}," PLACED "}", m->number, m->family, m->given, m->born, m->postcode);
}

static void stranger(const struct made *m, unsigned *seed, struct corpus_pair *p)
{
    (void)seed;
    put(p->person, "{\"identifiers\":{\"pnc\":\"21/%dB\"}," PLACED "}", m->number, m->other_family, m->other_given, "2013-12-30", m->other_postcode);
}

static const struct {
    const char *label;
    kind_fn *make;
    bool is_same;
    enum corpus_expect expect;
} KINDS[] = {{"number agrees", number_agrees, true, CORPUS_CERTAIN},
             {"combination agrees", combination_agrees, true, CORPUS_NOT_WRONG},
             {"unknown twin", unknown_twin, false, CORPUS_NOT_WRONG},
             {"known twins", known_twins, true, CORPUS_NOT_WRONG},
             {"namesake", namesake, false, CORPUS_NOT_WRONG},
             {"namesake born alike", namesake_born_alike, false, CORPUS_DOUBTFUL},
             {"changed surname", changed_surname, true, CORPUS_DOUBTFUL},
             {"swapped names", swapped_names, true, CORPUS_DOUBTFUL},
             {"swapped date", swapped_date, true, CORPUS_DOUBTFUL},
             {"mistyped date", mistyped_date, true, CORPUS_DOUBTFUL},
             {"mistyped name", mistyped_name, true, CORPUS_DOUBTFUL},
             {"reused number", reused_number, false, CORPUS_DOUBTFUL},
             {"merged numbers", merged_numbers, true, CORPUS_DOUBTFUL},
             {"mistyped number", mistyped_number, true, CORPUS_DOUBTFUL},
             {"stranger", stranger, false, CORPUS_NOT_WRONG}};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS, HAND_COUNT = sizeof BY_HAND / sizeof *BY_HAND };

void corpus_make(struct corpus *ret, unsigned seed)
{
    ret->count = HAND_COUNT + KIND_COUNT * OF_EACH_KIND;
    ret->pairs = mem_new(ret->count * sizeof *ret->pairs);
    memcpy(ret->pairs, BY_HAND, sizeof BY_HAND);
    for (size_t i = HAND_COUNT; i < ret->count; i++) {
        struct corpus_pair *p = &ret->pairs[i];
        size_t kind = i % KIND_COUNT;
        struct made m;

        make(&seed, 1000 + (int)i, &m);
        snprintf(p->label, sizeof p->label, "%s, %zu", KINDS[kind].label, i);
        snprintf(p->child, sizeof p->child, "2020/%07dB,,%s,%s,%s,%s", m.number, m.family, m.given, m.born, m.postcode);
        p->is_same = KINDS[kind].is_same;
        p->expect = KINDS[kind].expect;
        KINDS[kind].make(&m, &seed, p);
    }
}

void corpus_release(struct corpus *corpus)
{
    free(corpus->pairs);
    *corpus = (struct corpus){0};
}

/* ---- played ---- */

static void run(struct harness *h, const char *const argv[], const char *input)
{
    struct buf out = {0}, err = {0};
    int code = input != NULL ? harness_toldctl_input(h, NULL, argv, input, &out, &err) : harness_toldctl(h, NULL, argv, &out, &err);

    if (code != 0) {
        fprintf(stderr, "corpus: toldctl %s ended with %d: %s%s\n", argv[0], code, buf_string(&out), buf_string(&err));
        abort();
    }
    buf_release(&out);
    buf_release(&err);
}

static void import(struct harness *h, const struct corpus *corpus)
{
    struct buf csv = {0};
    char *path = harness_path(h, "corpus.csv");

    buf_text(&csv, "yos,pnc,noms,family_name,given_names,born_on,postcode\n");
    for (size_t i = 0; i < corpus->count; i++) {
        buf_printf(&csv, "YC%zuA,%s\n", i + 1, corpus->pairs[i].child);
        if (corpus->pairs[i].other[0] != '\0')
            buf_printf(&csv, "YC%zuB,%s\n", i + 1, corpus->pairs[i].other);
    }
    harness_write(h, "corpus.csv", csv.bytes);
    run(h, (const char *[]){"import", "children", path, NULL}, NULL);
    buf_release(&csv);
    free(path);
}

static void publish(struct harness *h, const struct corpus *corpus)
{
    struct buf lines = {0};

    for (size_t i = 0; i < corpus->count; i++)
        buf_printf(&lines,
                   "{\"specversion\":\"1.0\",\"id\":\"pair-%zu\",\"source\":\"police/mps\",\"type\":\"police.charge\","
                   "\"time\":\"2024-06-03T08:50:00Z\",\"data\":{\"person\":%s,\"charged_on\":\"2024-06-03\"}}\n",
                   i, corpus->pairs[i].person);
    run(h, (const char *[]){"publish", "--feed", "police", "-", NULL}, lines.bytes);
    buf_release(&lines);
}

static enum corpus_expect verdict_of(const char *word)
{
    return strcmp(word, "certain") == 0 ? CORPUS_CERTAIN : strcmp(word, "doubtful") == 0 ? CORPUS_DOUBTFUL : CORPUS_NONE;
}

static const char *const WORDS[] = {"anything", "certain", "doubtful", "none"};

/* verdict, whether it is (certain) or lists (doubtful) the right child, whether a review is open, evidence */
static void count_one(const struct corpus_pair *p, const PGresult *rows, int i, struct corpus_score *ret)
{
    enum corpus_expect verdict = verdict_of(PQgetvalue(rows, i, 1));
    bool right = PQgetvalue(rows, i, 2)[0] == 't';

    if (verdict == CORPUS_CERTAIN)
        *(right && p->is_same ? &ret->certain_right : &ret->certain_wrong) += 1;
    else if (verdict == CORPUS_DOUBTFUL)
        *(right && p->is_same ? &ret->doubtful_right : &ret->doubtful_wrong) += 1;
    else
        *(p->is_same ? &ret->none_wrong : &ret->none_right) += 1;
    ret->doubtful_unasked += verdict == CORPUS_DOUBTFUL && PQgetvalue(rows, i, 3)[0] != 't';
    if ((p->expect == CORPUS_NOT_WRONG || p->expect == verdict) && !(verdict == CORPUS_CERTAIN && !(right && p->is_same)))
        return;
    ret->unexpected++;
    fprintf(stderr, "corpus: %s: %s, expected %s%s; %s\n", p->label, WORDS[verdict], WORDS[p->expect],
            p->is_same ? "" : " (somebody else)", PQgetvalue(rows, i, 4));
}

static void count_all(struct harness *h, const struct corpus *corpus, struct corpus_score *ret)
{
    PGresult *rows = harness_query(
        h, "SELECT substr(e.id, 6)::int AS n, CASE WHEN s.child_id IS NOT NULL THEN 'certain' WHEN d.because->>'verdict' = 'doubtful'"
           " THEN 'doubtful' ELSE 'none' END, k.child_id = s.child_id OR (s.child_id IS NULL AND EXISTS (SELECT FROM"
           " jsonb_array_elements(s.match_evidence) c WHERE (c->>'child')::bigint = k.child_id)), coalesce(d.state <> 'closed', false),"
           " concat_ws(' ', s.state, s.match_because, s.match_evidence) FROM told.event e JOIN told.event_state s USING (event_id)"
           " JOIN told.child_identifier k ON k.scheme = 'yos' AND k.value = 'YC' || (substr(e.id, 6)::int + 1) || 'A'"
           " LEFT JOIN told.duty d ON d.event_id = e.event_id AND d.kind = 'match' WHERE e.id LIKE 'pair-%' ORDER BY 1");

    if (PQntuples(rows) != (int)corpus->count) {
        fprintf(stderr, "corpus: %d of %zu events came back\n", PQntuples(rows), corpus->count);
        abort();
    }
    for (int i = 0; i < PQntuples(rows); i++)
        count_one(&corpus->pairs[i], rows, i, ret);
    PQclear(rows);
}

void corpus_play(struct harness *h, const struct corpus *corpus, struct corpus_score *ret)
{
    struct timespec from, to;

    *ret = (struct corpus_score){0};
    import(h, corpus);
    clock_gettime(CLOCK_MONOTONIC, &from);
    publish(h, corpus);
    if (!harness_await(h, "SELECT count(*) FROM told.event_state WHERE state = 'waiting'", "0", 60000))
        abort();
    clock_gettime(CLOCK_MONOTONIC, &to);
    ret->seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    count_all(h, corpus, ret);
    ret->leaked = (size_t)harness_count(
        h, "SELECT count(*) FROM told.child_detail d JOIN (SELECT lower(string_agg(j::text, ' ')) AS text FROM told.journal j"
           " UNION ALL SELECT lower(string_agg(concat_ws(' ', title, says, shows, because, closed_reason), ' ')) FROM told.duty"
           " UNION ALL SELECT lower(string_agg(concat_ws(' ', reason, match_because, match_evidence), ' ')) FROM told.event_state) w"
           " ON (length(d.family) > 5 AND strpos(w.text, d.family) > 0) OR (length(d.given) > 5 AND strpos(w.text, d.given) > 0)"
           " OR strpos(w.text, lower(d.postcode)) > 0");
}
