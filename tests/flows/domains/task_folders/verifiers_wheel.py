"""Writes a small wheel named verifiers, with those names of the real package that tasksets and our programs use.

The real one brings 570 MB of other packages. With TASKSETS_OF_VERIFIERS=1 the tests take it from the index instead.
"""

import os
import zipfile
from pathlib import Path

REAL = bool(os.environ.get("TASKSETS_OF_VERIFIERS"))
REQUIREMENT = "verifiers==0.4.0" if REAL else "verifiers==0.4.0+double"
V1 = """
import asyncio, functools, hashlib, importlib, inspect, json
from pathlib import Path


class TaskData:
    idx = id = prompt = system_prompt = image = None
    skills = artifacts = ()
    def __init__(self, **given): self.__dict__.update(given)
    def model_dump_json(self): return json.dumps(self.__dict__, default=vars)
    @classmethod
    def model_validate(cls, given): return cls(**given)


class TaskConfig: judges = ()
class Toolset: pass
class State: pass
class Env: pass
class SingleAgentEnv(Env): pass
class SubprocessConfig: pass
class WireAgentConfig: pass


class Parametrized:
    def __class_getitem__(cls, given):
        return type(cls.__name__, (cls,), {"given": given if isinstance(given, tuple) else (given,)})


class Task(Parametrized):
    def __init__(self, data, config=None): self.data, self.config = data, config or TaskConfig()
    key = hash = "0"
    @classmethod
    def data_type(cls): return cls.given[0]
    @classmethod
    def toolsets(cls, config): return []
    def plugged_judges(self): return list(self.config.judges)
    async def setup(self, trace, runtime): pass
    async def finalize(self, trace, runtime): pass
    async def validate(self, runtime): return None
    async def score(self, trace, runtime=None):
        for name in dir(self):
            method = getattr(self, name)
            if callable(method) and hasattr(method, "weight"):
                given = {"trace": trace, "runtime": runtime, "task": self.data}
                wanted = inspect.signature(method).parameters
                value = await method(**{key: one for key, one in given.items() if key in wanted})
                trace.rewards[name] = Reward(float(value), method.weight)


class TasksetConfig:
    def __init__(self, id=""): self.id, self.task = id, TaskConfig()


class Taskset(Parametrized):
    def __init__(self, config): self.config = config
    @classmethod
    def task_type(cls): return cls.given[0]
    @classmethod
    def toolsets(cls, config): return []
    def __iter__(self):
        for place, task in enumerate(self.load()):
            task.data.idx = place
            yield task


class Reward:
    def __init__(self, score, weight): self.value = score * weight


def reward(weight=1.0):
    def mark(method):
        method.weight = weight
        return method
    return mark


class Message:
    def __init__(self, content): self.content = content
class SystemMessage(Message): role = "system"
class UserMessage(Message): role = "user"
class AssistantMessage(Message): role = "assistant"
def content_text(content): return content


class Given:
    def __init__(self, **given): self.__dict__.update(given)
class AgentInfo(Given): pass
class TraceTask(Given): pass
class MessageNode(Given): pass


class Trace(Given):
    def __init__(self, **given):
        super().__init__(**given)
        self.nodes, self.rewards = [], {}
    @property
    def last_reply(self):
        return ([one.message.content for one in self.nodes if one.sampled] or [""])[-1].strip()


class SubprocessRuntime:
    def __init__(self, config): self.workdir = None
    async def read(self, path): return (self.workdir / path).read_bytes()
    async def write(self, path, data): (self.workdir / path).write_bytes(data)


def state_cls(kind): return State
def _exported(name, kind):
    module = importlib.import_module(name)
    return next((one for one in map(functools.partial(getattr, module), module.__all__) if issubclass(one, kind)), None)
def taskset_class(name): return _exported(name, Taskset)
def taskset_config_type(name): return taskset_class(name).given[1]
def environment_class(name): return _exported(name, Env) or SingleAgentEnv
"""
HOMES = ("configs.agent", "graph", "runtimes.subprocess", "state", "trace", "types", "utils.loaders",
         "envs.single_agent")  # fmt: skip
METADATA = "Metadata-Version: 2.1\nName: verifiers\nVersion: 0.4.0+double\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_wheel(folder: Path) -> Path:
    """The folder, with the wheel in it."""
    modules = {"verifiers/__init__.py": "", "verifiers/v1/__init__.py": V1}
    for home in HOMES:
        path = home.replace(".", "/")
        modules[f"verifiers/v1/{path}.py"] = "from verifiers.v1 import *\n"
        for above in Path(path).parents[:-1]:
            modules[f"verifiers/v1/{above}/__init__.py"] = ""
    about = {"METADATA": METADATA, "WHEEL": WHEEL}
    modules |= {f"verifiers-0.4.0+double.dist-info/{name}": text for name, text in about.items()}
    record = "".join(f"{name},,\n" for name in modules) + "verifiers-0.4.0+double.dist-info/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "verifiers-0.4.0+double-py3-none-any.whl", "w") as wheel:
        for name, text in (modules | {"verifiers-0.4.0+double.dist-info/RECORD": record}).items():
            wheel.writestr(name, text)
    return folder
