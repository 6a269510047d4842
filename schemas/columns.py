"""Columns that several records have: the type, the null meaning and the description of each are declared here once.

A record lists its columns in its own order and takes a shared one by its alias, such as `n_turns: NTurns`. A
column whose meaning differs from record to record is declared in the record.
"""

from typing import Annotated

from pydantic import Field

from schemas.record import Count, Flag, Name, Names, Real, Text, Time

# the attempt
TrajectoryId = Annotated[Name, Field(description="content id of the task and the sample number")]
OfTrajectory = Annotated[Name, Field(description="id of the trajectory")]
OfTask = Annotated[Name, Field(description="id of the task")]
Sample = Annotated[Count, Field(description="number of the attempt at its task, from 0")]
Domain = Annotated[Name, Field(description="domain of the task, such as search")]
Instruction = Annotated[Text, Field(description="the problem, as the agent reads it")]
GroundTruth = Annotated[
    Text | None, Field(description="ground truth of the task; null if only an executable check decides")
]
Evidence = Annotated[Names, Field(description="doc_ids of the pages that hold the answer; empty for imported rows")]
Hops = Annotated[Count, Field(description="hyperlinks on the task's path; 0 for imported rows")]
Composer = Annotated[Name, Field(description="composer of the task: cloze, written; import for imported rows")]

ParentId = Annotated[
    Name | None, Field(description="id of the trajectory that delegated this one by a tool call; null if none did")
]
ParentCallId = Annotated[
    Name | None,
    Field(description="id of the parent's tool call whose result is this trajectory's answer; null if none"),
]

# the teacher
TeacherModel = Annotated[Name, Field(description="name of the model, as the server reports it")]
TeacherRevision = Annotated[Name | None, Field(description="revision or file hash of the weights; null if unknown")]
Engine = Annotated[
    Name,
    Field(
        description="vllm, sglang, embedded, chat (an API) or scripted; import: the row was not rolled out here; "
        "oracle, explorer, shortcut:NAME: a policy of a rehearsal, never released"
    ),
]
EngineVersion = Annotated[Name | None, Field(description="version that the inference server reports; null if unknown")]
Dialect = Annotated[
    Name, Field(description="format of the conversation: chat, text; none: imported, without token ids")
]
Ids = Annotated[
    Name | None,
    Field(description="none: text only, from an API or a data set without token ids; null: token_ids are exact"),
]
Renderer = Annotated[Name, Field(description="name and version of the renderer that turned messages into token ids")]
TemplateSha256 = Annotated[
    Name, Field(description="SHA-256 of the chat template, or of the text dialect's prompt, as hex")
]
VocabularySha256 = Annotated[
    Name | None,
    Field(description="SHA-256 of the vocabulary of token_ids, added tokens included; null if only the engine has it"),
]
ReasoningPolicy = Annotated[
    Name, Field(description="which earlier reasoning stays in the stream: all, none; as the renderer names it")
]
SamplingJson = Annotated[
    Text, Field(description="JSON object of the sampling in force: temperature, top_p, top_k, ..., with their sources")
]
Seed = Annotated[Count, Field(description="sampling seed of the attempt")]
ToolsJson = Annotated[
    Text, Field(description="JSON list of the tool schemas that the agent could call, in OpenAI's form")
]

# its length
NTurns = Annotated[Count, Field(description="number of assistant turns")]
NToolCalls = Annotated[Count, Field(description="number of tool calls in the assistant turns")]
NSampledTokens = Annotated[
    Count, Field(description="number of tokens that the teacher sampled; without token ids, as its API counts them")
]
NObservationTokens = Annotated[Count, Field(description="number of tokens in tool turns")]

# messages
Role = Annotated[Name, Field(description="system, user, assistant or tool")]
Reasoning = Annotated[Text | None, Field(description="reasoning of an assistant message; null if it has none")]
ToolCallsJson = Annotated[
    Text | None, Field(description="JSON list of the tool calls, [{id, name, arguments}]; null if there are none")
]
CallId = Annotated[
    Name | None, Field(description="in a tool message: id of the tool call that it answers; null otherwise")
]

# verdicts and decisions
Verifier = Annotated[Name, Field(description="name of the verifier")]
VerifierVersion = Annotated[Name, Field(description="version of the verifier's code")]
GatesJson = Annotated[
    Text, Field(description="JSON object: gate -> {keep, reason, value}, of every gate that ran in the refine")
]
CallsToSolve = Annotated[
    Count | None, Field(description="number of tool calls in a solved attempt; null if not solved or not judged")
]
AnswerSeenAt = Annotated[
    Count | None,
    Field(description="index of the first message whose tool result holds the ground truth; null if none does"),
]
NamedEarly = Annotated[
    Flag | None,
    Field(
        description="true if the agent wrote the ground truth before any tool result held it; null if the task has none"
    ),
]
DistinctPages = Annotated[Count | None, Field(description="number of distinct pages that tool results came from")]
RepeatedQueries = Annotated[
    Count | None, Field(description="number of tool calls that repeat an earlier call with the same arguments")
]
PassRate = Annotated[
    Real | None,
    Field(description="share of the task's finished attempts that are solved, 0 to 1; null if none was judged"),
]
RefineId = Annotated[Name, Field(description="id of the refine: content id of its gates, parameters and inputs")]
DecidedAt = Annotated[Time, Field(description="UTC time of the refine's decisions")]

# releases
ReleaseId = Annotated[Name, Field(description="content id of the shards' data and lineage")]
Split = Annotated[Name, Field(description="train or validation; all attempts at a task are in one split")]
ShardPath = Annotated[Name, Field(description="path of the shard under the release's folder")]
ShardRow = Annotated[Count, Field(description="row number in the shard, from 0")]
Rows = Annotated[Count, Field(description="number of rows")]
Tokens = Annotated[Count, Field(description="number of tokens in token_ids of all rows")]
FileBytes = Annotated[Count, Field(description="size of the file in bytes")]
FileSha256 = Annotated[Name, Field(description="SHA-256 of the file's bytes, as hex")]

# benchmarks and withdrawals
BenchmarkName = Annotated[Name, Field(description="name of the benchmark in the settings, else of its file")]
BenchmarkVersion = Annotated[
    Name | None, Field(description="version of the benchmark in the settings; null if not set")
]
BenchmarkFile = Annotated[Name, Field(description="name of the benchmark's file")]
BenchmarkColumns = Annotated[Names, Field(description="columns of the file whose texts are the benchmark's items")]
BenchmarkItems = Annotated[Count, Field(description="number of rows of the file with a text in one of the columns")]
ShortItems = Annotated[
    Count, Field(description="number of texts of fewer than 13 words, which are compared as a whole only")
]
Target = Annotated[Name, Field(description="the withdrawn url, or the start of the id of a task or a trajectory")]
