/* SPDX-License-Identifier: Apache-2.0 */
/* What the cases of the readings have in common. */
#ifndef TOLD_TESTS_READINGS_H
#define TOLD_TESTS_READINGS_H

#define NOW "2024-05-31T10:00:00Z" /* a Friday morning */
#define WORKER "'allocations':{'social-worker':'p-1'}"
#define IN_CARE "'looked_after_basis':'s20'," WORKER
#define AWAY "'looked_after_basis':'s20','placement_authority':'kent'," WORKER
#define IN_SENTENCE "'in_custody':true,'sentenced':true"
#define NOBODY "'allocations':{}"
#define SENTENCED "'kind':'custody','on':'2024-05-31'"
#define EARLIER_RECEPTION                                                                                                \
    "'history':[{'received_at':'2024-05-20T10:00:00Z','event':{'specversion':'1.0','id':'h-1','source':'x/y',"           \
    "'type':'custody.reception','time':'2024-05-20T10:00:00Z','data':{'person':{},'sentenced':true,'on':'2024-05-20'}}}]"
#define DATES(early, mandatory, entitled)                                                                                \
    "'history':[{'received_at':'2024-01-05T10:00:00Z','event':{'specversion':'1.0','id':'h-1','source':'x/y',"           \
    "'type':'custody.release-dates','time':'2024-01-05T10:00:00Z','data':{'person':{},'early_on':'" early                \
    "','mandatory_on':'" mandatory "','early_entitled':" entitled "}}}]"
#define NO_PLACEMENT "'meeting':'release-preparation','placement_identified':false"
#define NO_ADDRESS "'meeting':'pre-release','address_available':false"

#endif
