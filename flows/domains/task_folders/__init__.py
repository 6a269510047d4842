"""The domain of task folders: work in a terminal, as Harbor's folders or verifiers' tasksets describe and test it."""

from dataclasses import replace

from flows.domains.contract import Domain
from flows.domains.task_folders.composer import HARBOR
from flows.domains.task_folders.examination import examine
from flows.domains.task_folders.folder import folder_parts
from flows.domains.task_folders.players import PLAYERS
from flows.domains.task_folders.tasksets.composer import TASKSET
from flows.domains.task_folders.verifiers import TESTS_REWARD
from flows.domains.task_folders.world import FOLDER
from schemas.prompt import prompt

DOMAIN = Domain(
    name="task_folders",
    environment=replace(FOLDER, examine=examine),
    verifiers=(TESTS_REWARD,),
    composers=(HARBOR, TASKSET),
    chat_prompt=prompt("terminal_system", __name__),
    policies=PLAYERS,
    folder=folder_parts,
)
