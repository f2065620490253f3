"""Runs generated calls: on the original in two forks, and on each mutant that they reach. Reports what could be asserted, and who sees which mutant."""
import io
import os
import sys
import time
import warnings

from . import codes, compare, facts, forks, guard, lines, told, values
from .calls import UNSTABLE, Outcome, Program, Progress, merge

CHUNK = 128          # the second run takes calls in reverse within a chunk, so that both have seen the same ones when time is up
BATCH = 16           # observations a record
RESTARTS = 24        # forks of the original that may die
MUTANT_RESTARTS = 2
MUTANTS_A_FORK = 8
WAIT_SECONDS = 0.3   # of a mutant that sleeps where the original did not take a fraction of it
ORIGINAL_SHARE = 0.5  # of the wall time


class Probe:
    def __init__(self, target, request, session):
        self.target, self.session = target, session
        self.started = time.monotonic()
        self.wall = float(request.get("seconds") or 20.0)
        self.call_seconds = float(request.get("call_seconds") or 0.05)
        self.mutants = request.get("mutants") or []
        self.calls = request.get("calls") or []
        self.telling = bool(request.get("tell"))
        self.programs = {}
        for index, call in enumerate(self.calls):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self.programs[index] = Program(call)
            except Exception:
                pass
        self.base = {"__name__": "probe"}
        self.own_codes = set(lines.codes_of(target))
        self.repo_modules = guard.modules_of(session.repo)
        self.tables = guard.Tables(self.repo_modules)
        exec(compile(request.get("imports") or "", "<imports>", "exec", 0, True), self.base)

    def left(self):
        return self.wall - (time.monotonic() - self.started)

    # --- inside a fork -------------------------------------------------------------------------------------------------

    def enter_fork(self):
        self.guard = guard.Guard(self.session.scratch)
        self.screen = facts.Screen((self.session.repo, self.session.scratch))
        warnings.simplefilter("ignore")
        sys.stderr = io.StringIO()
        for name in forks.settings.get("pass_env", ()):
            os.environ.pop(name, None)  # for the tests of the repo, not for calls that somebody made up
        self.guard.install()
        self.real_stdout = sys.stdout

    def run(self, program, cpu, wall, look, recorder, outcome, patience=None):
        """Runs one call under guard and look(outcome) after it; what that returned, or None when the guard had to step in."""
        self.clear_caches()
        outcome.error = outcome.result = None
        outcome.in_setup, outcome.seconds = True, 0.0
        outcome.variables = variables = dict(self.base)
        sys.stdout = outcome.stream = io.StringIO()
        try:
            self.guard.arm(cpu, wall, patience)
            try:
                recorder.start()
                watched = ()
                try:
                    if program.setup is not None:
                        exec(program.setup, variables)
                    watched = self.watch(program, variables)
                    outcome.in_setup = False
                    begun = time.perf_counter()
                    outcome.result = eval(program.call, variables)
                except (guard.Stopped, guard.Denied):
                    raise
                except BaseException as error:
                    outcome.error = error
                if not outcome.in_setup:
                    outcome.seconds = time.perf_counter() - begun
                answer = look(outcome, watched)
            finally:
                recorder.stop()
                self.guard.disarm()
        except BaseException:  # the guard's own: nothing can be said
            answer = None
        finally:
            sys.stdout = self.real_stdout
        if hasattr(outcome.result, "cr_await"):
            outcome.result.close()
        if self.tables.were_changed():
            self.guard.spoilt = self.guard.spoilt or "state"
        return None if self.guard.spoilt else answer

    def trouble(self, outcome):
        """Why nothing was seen of a call: what the guard says, or what making its receiver or its arguments raised."""
        if not self.guard.spoilt and outcome.in_setup and outcome.error is not None:
            return "setup " + type(outcome.error).__name__
        return self.guard.spoilt or "nothing"

    def watch(self, program, variables):
        self.screen.said, self.screen.variables, self.screen.hashed = program.said, variables, False
        return [facts.Watched(name, variables[name], self.screen) for name in program.watch if name in variables]

    def clear_caches(self):
        index = getattr(self.target, "index", None)
        if index is not None and index.caches:
            index.clear_caches(self.target.functions)

    def look(self, outcome, watched):
        """The observation of one call of the original, without what only both runs together can tell."""
        if outcome.in_setup:
            return None
        seen = dict(UNSTABLE, stable=True, seconds=outcome.seconds)
        if outcome.error is not None:
            entered = compare.entered(outcome.error, self.own_codes)
            where = facts.of_exception(outcome.error, self.screen, self.session.repo, entered)
            if where is None or isinstance(outcome.error, NameError) and not entered:  # the call itself is at fault
                return None
            seen["raised"] = True
            seen["exception"], seen["exception_import"], seen["match"], seen["raised_by_arguments"], seen["whole"] = where
            return seen
        found = facts.of_value("result", outcome.result, self.screen)
        for one in watched:
            found += one.facts(outcome.variables.get(one.name))
        seen["facts"] = found + facts.of_output(outcome.output(), self.screen)
        return seen

    def original_task(self, second, order, deadline, place):
        def task(emit):
            self.enter_fork()
            recorder, ballast = lines.Silent(), None
            if second:
                ballast = guard.other_world(self.repo_modules)
                if guard.needs_watch(self.repo_modules):
                    recorder = lines.Silent(guard.watcher(self.guard, self.screen))
            else:
                recorder = lines.recorder(self.target)
            batch, outcome = [], Outcome()
            for index in order:
                if time.monotonic() > deadline:
                    break
                self.progress.set(place, index)
                seen = self.run(self.programs[index], self.call_seconds, max(0.5, 4 * self.call_seconds), self.look, recorder, outcome)
                if seen is not None:
                    seen["lines"] = sorted(recorder.seen)
                batch.append([index, seen or self.trouble(outcome)])
                if len(batch) >= BATCH:
                    emit(batch)
                    batch = []
            emit(batch)
            del ballast
        return task

    # --- the original --------------------------------------------------------------------------------------------------

    def observe(self):
        indices = sorted(self.programs)
        chunks = [indices[at:at + CHUNK] for at in range(0, len(indices), CHUNK)]
        orders = [indices, [index for chunk in chunks for index in reversed(chunk)]]
        runs = [{}, {}]
        self.progress = Progress(2)
        deadline = time.monotonic() + self.wall * (ORIGINAL_SHARE if self.mutants else 0.9)
        for _turn in range(RESTARTS):
            tasks = [(k, self.original_task(k == 1, orders[k], deadline, k), max(0.1, deadline - time.monotonic() + 0.5)) for k in (0, 1) if orders[k]]
            if not tasks or time.monotonic() > deadline:
                break
            ended = []
            forks.run_many(tasks, max(1, min(2, self.session.jobs)), ended.append)
            for one in ended:
                for batch in one.records:
                    runs[one.key].update((index, seen) for index, seen in batch)
                if one.how == "done":
                    orders[one.key] = []
                    continue
                killer = self.progress.get(one.key)
                for k in (0, 1):  # what kills one fork would kill the other
                    runs[k][killer] = "ends"
                orders = [[index for index in orders[k] if index not in runs[k]] for k in (0, 1)]
        rest = None if time.monotonic() > deadline else "ends"  # too many forks have died for them to be run
        unseen = [rest if index in self.programs else "nothing" for index in range(len(self.calls))]
        return [merge(runs[0].get(index, why), runs[1].get(index, why)) for index, why in enumerate(unseen)]

    # --- the mutants ---------------------------------------------------------------------------------------------------

    def mutants_task(self, items, place):
        """Runs several (number, code, calls) one after the other in one fork: forks cost more than calls do."""
        def task(emit):
            self.enter_fork()
            for number, code, calls in items:
                self.progress.set(2 * place, number)
                self.target.swap(code)
                found = self.run_mutant(code, calls, 2 * place + 1)
                emit([number, found])
                if self.guard.timed_out:
                    return
                self.target.restore()
                if found and number != items[-1][0] and self.is_spoilt(found[-1][0]):
                    return
        return task

    def run_mutant(self, code, calls, place):
        """[call, kind, fact, told] of all that differ, and [call, "", what, told] for what a stricter assertion would see."""
        own, outcome, quiet, found = {id(one) for one in codes.all_codes(code)}, Outcome(), lines.Silent(), []
        for index in calls:
            self.progress.set(place, index)
            expected = self.expected[index]

            def look(outcome, watched):
                if self.telling:
                    told.keep_elements(outcome, expected)
                kind, what = expected.differs(outcome, own) or ("", expected.unseen(outcome))
                wanted = self.telling and (kind or what)
                return kind, what, told.of_mutant(outcome, expected, what if kind else -1, self.screen, self.session.repo) if wanted else ""
            limit = self.limit(index)
            seen = self.run(self.programs[index], limit, max(2.0, 4 * limit), look, quiet, outcome, max(WAIT_SECONDS, 2 * limit))
            if self.guard.timed_out:
                return found + [[index, "timeout", -1, ""]]
            if seen is not None and (seen[0] or seen[1]):
                found.append([index, *seen])
        return found

    def is_spoilt(self, index):
        """Whether the mutant left something behind: the original now fails where the mutant did."""
        def look(outcome, watched):
            return (self.expected[index].differs(outcome, ()),)
        limit = self.limit(index)
        return self.run(self.programs[index], limit, max(2.0, 4 * limit), look, lines.Silent(), Outcome()) != (None,)

    def limit(self, index):
        return 10 * self.seconds[index] + 0.05

    def compare(self, observations):
        """[mutant, call, kind, fact, told] for all that differ; strengthens observations where a mutant is only seen by a stricter assertion."""
        self.expected, self.seconds = {}, {}
        for index, seen in enumerate(observations):
            try:
                if seen["stable"]:
                    self.expected[index] = compare.Expected(seen)
                    self.seconds[index] = seen["seconds"]
            except Exception:  # the import that an assertion would need does not work
                observations[index] = dict(UNSTABLE)
        waiting = []
        for number, mutant in enumerate(self.mutants):
            first, last = mutant.get("line") or 0, mutant.get("end_line") or mutant.get("line") or 0
            calls = [index for index in sorted(self.expected) if not first or any(first <= line <= last for line in observations[index]["lines"])]
            try:
                waiting.append((number, self.target.compile(mutant["source"]), calls) if calls else None)
            except Exception:  # Refused: no mutant
                pass
        waiting = [one for one in waiting if one]
        self.progress = Progress(2 * len(self.mutants))
        differences, unseen, tries = [], [], {}
        while waiting and self.left() > 0:
            waiting = self.compare_once(waiting, differences, unseen, tries)
        self.strengthen(observations, differences, unseen)
        return sorted(differences)

    def compare_once(self, waiting, differences, unseen, tries):
        """Runs each (number, code, calls); returns what is left of the forks that ended early, at least one mutant fewer."""
        size = max(1, min(MUTANTS_A_FORK, -(-len(waiting) // max(1, self.session.jobs))))
        plans = [waiting[at:at + size] for at in range(0, len(waiting), size)]
        rest = []
        for place in range(2 * len(plans)):
            self.progress.set(place, -1)

        def tasks():
            for place, items in enumerate(plans):
                if self.left() <= 0:
                    return
                limit = sum(self.limit(index) + 0.01 for _number, _code, calls in items for index in calls) + 2.0
                yield place, self.mutants_task(items, place), min(limit, self.left() + 0.5)

        def on_result(ended):
            items = {number: (code, calls) for number, code, calls in plans[ended.key]}
            stops = {}
            for number, found in ended.records:
                for index, kind, what, text in found:
                    if kind:
                        differences.append([number, index, kind, what, text])
                        if kind == "timeout":
                            stops[number] = index
                    else:
                        unseen.append((number, index, what, text))
                code, calls = items.pop(number)
                if number in stops:
                    self.go_on(rest, tries, number, code, calls, stops[number])
            if ended.how != "done":
                number, stop = self.progress.get(2 * ended.key), self.progress.get(2 * ended.key + 1)
                if number in items and stop in items[number][1]:
                    code, calls = items.pop(number)
                    if ended.signal:  # killed by the hard limit, or by its own fault
                        differences.append([number, stop, "timeout" if ended.signal == guard.HARD_LIMIT else "crash", -1, ""])
                    self.go_on(rest, tries, number, code, calls, stop)
                elif items:  # it died before its first call, or between two mutants
                    items.pop(next(iter(items)))
            rest.extend((number, code, calls) for number, (code, calls) in items.items())

        forks.run_many(tasks(), self.session.jobs, on_result)
        return sorted(rest, key=lambda item: item[0])

    def go_on(self, rest, tries, number, code, calls, stop):
        """Behind the call that ended its fork, a few times."""
        tries[number] = tries.get(number, 0) + 1
        if tries[number] <= MUTANT_RESTARTS and stop in calls[:-1]:
            rest.append((number, code, calls[calls.index(stop) + 1:]))

    def strengthen(self, observations, differences, unseen):
        known = {difference[0] for difference in differences}
        added = {}
        for mutant, call, what, text in sorted(unseen):
            if mutant in known:
                continue
            if (call, what) not in added:
                added[call, what] = self.add_strict(observations[call], what, self.expected[call])
            if added[call, what] is not None:
                differences.append([mutant, call, "fact", added[call, what], text])

    def add_strict(self, observation, what, expected):
        """Adds the stricter assertion; the new fact's index, -1 for a message, None when it cannot be written."""
        if what == "whole":
            observation["match"] = compare.whole(observation["match"])
            return -1
        result = expected.result()
        source = values.source_of(type(result).__name__ if what == "type" else list(result))
        if source is None:
            return None
        form = "type" if what == "type" else "list"
        observation["facts"].append(facts.fact(form, "result", source.asserted, source.asserted_imports))
        return len(observation["facts"]) - 1


def probe(target, request, session):
    work = Probe(target, request, session)
    observations = work.observe()
    differences = work.compare(observations) if work.mutants else []
    for seen in observations:
        del seen["whole"]  # ours alone
    if not work.telling:
        differences = [difference[:4] for difference in differences]
    return {"observations": observations, "differences": differences}
