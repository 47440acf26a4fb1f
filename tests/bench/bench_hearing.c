/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_hearing.h"

#include "bench_crowd.h"

#define DAY "2026-01-05"

static void add_result(struct buf *out, long number, int offence, const char *result)
{
    buf_printf(out,
               "{\"id\":\"00000000-0000-4000-8000-%012d\",\"offenceCode\":\"TH68010\",\"offenceTitle\":\"Theft of bluebells\","
               "\"wording\":\"On a made-up day at a made-up shop stole bluebells, to the value of so many pounds, belonging to a"
               " made-up florist, and would not give them back.\",\"count\":0,\"orderIndex\":%d,\"isDisposed\":false,"
               "\"plea\":{\"pleaValue\":\"NOT_GUILTY\",\"pleaDate\":\"" DAY "\"},\"judicialResults\":[{\"judicialResultId\":"
               "\"00000000-0000-4000-8000-%012d\",\"orderedHearingId\":\"bench-%ld\",\"orderedDate\":\"" DAY "\",\"isDeleted\":false,"
               "\"isAdjournmentResult\":true,\"isAvailableForCourtExtract\":true,\"isConvictedResult\":false,\"category\":\"INTERMEDIARY\","
               "%s\"judicialResultPrompts\":[{\"label\":\"Reason\",\"promptReference\":\"reason\",\"value\":\"A made-up reason, as"
               " long as such reasons are.\"},{\"label\":\"Condition\",\"promptReference\":\"condition\",\"value\":\"To live and to"
               " sleep each night at a made-up address.\"}]}]}",
               offence, offence, offence, number, result);
}

static void add_defendant(struct buf *out, long number, int who, const char *id, const char *born, const char *result)
{
    buf_printf(out,
               "%s{\"id\":\"%s\",\"masterDefendantId\":\"%s\",\"pncId\":\"\",\"croNumber\":\"\",\"isYouth\":false,"
               "\"proceedingsConcluded\":false,\"personDefendant\":{\"personDetails\":{\"title\":\"MX\",\"firstName\":\"Quillon%d\","
               "\"lastName\":\"Vantree\",\"gender\":\"NOT_SPECIFIED\",\"dateOfBirth\":\"%s\",\"address\":{\"address1\":"
               "\"%d Made Up Lane\",\"address2\":\"Southwark\",\"postcode\":\"SE15 9ZZ\"}},\"bailStatus\":{\"id\":"
               "\"00000000-0000-4000-8000-000000000001\",\"code\":\"B\",\"description\":\"Conditional bail\"}},\"offences\":[",
               who > 0 ? "," : "", id, id, who, born, who);
    add_result(out, number, 2 * who, result);
    buf_char(out, ',');
    add_result(out, number, 2 * who + 1, result);
    buf_text(out, "]}");
}

void bench_hearing(struct buf *out, const char *source, long number, uint64_t sequence)
{
    static const char BAIL[] = "\"cjsCode\":\"4027\",\"resultText\":\"RC - Remanded on conditional bail\",\"nextHearing\":{"
                               "\"listedStartDateTime\":\"2026-02-02T10:00:00Z\",\"courtCentre\":{\"name\":\"Camberwell Youth Court\"}},",
                      ADJOURNED[] = "\"cjsCode\":\"4004\",\"resultText\":\"Adj - Adjourned\",";
    size_t begun = out->len;
    char id[40], born[16];

    buf_printf(out,
               "{\"specversion\":\"1.0\",\"id\":\"b%ld\",\"source\":\"%s\",\"type\":\"foreign.hmcts-hearing\",\"sequence\":\"%020llu\","
               "\"time\":\"" DAY "T15:30:00Z\",\"datacontenttype\":\"application/json\",\"data\":{\"sharedTime\":\"" DAY "T15:30:00Z\","
               "\"hearingDay\":\"" DAY "\",\"isReshare\":false,\"hearing\":{\"id\":\"bench-%ld\",\"jurisdictionType\":\"MAGISTRATES\","
               "\"courtCentre\":{\"name\":\"Camberwell Youth Court\"},\"hearingDays\":[{\"sittingDay\":\"" DAY "T10:00:00Z\"}],"
               "\"type\":{\"description\":\"First hearing\"},\"hasSharedResults\":true,\"prosecutionCases\":[{"
               "\"prosecutionCaseIdentifier\":{\"caseURN\":\"01MB%06ld\"},\"defendants\":[",
               number, source, (unsigned long long)sequence, number, number);
    bench_crowd_ccd(number, id);
    bench_crowd_born(number, born);
    add_defendant(out, number, 0, id, born, BAIL);
    for (int who = 1; out->len - begun < BENCH_HEARING_LEN - 1200; who++) {
        snprintf(id, sizeof id, "00000000-0000-4000-9000-%012d", who);
        add_defendant(out, number, who, id, "1980-02-03", ADJOURNED);
    }
    buf_text(out, "]}]}}}");
}
