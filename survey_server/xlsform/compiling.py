"""XForm XML to Form, once, when a form is published; whatever the phone can't do is refused here with its cure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from survey_server.xlsform.binds import BindReader
from survey_server.xlsform.body import ACTIONS, BodyReader
from survey_server.xlsform.choices import EXTERNAL
from survey_server.xlsform.complaints import Complaints, FormProblem
from survey_server.xlsform.expressions.documents import UnreadableXml, parse_xml
from survey_server.xlsform.expressions.nodes import ATTRIBUTE, ELEMENT, ROOT, Node
from survey_server.xlsform.expressions.references import Expressions
from survey_server.xlsform.form import Form
from survey_server.xlsform.model import Control, Secondary
from survey_server.xlsform.order import build_order
from survey_server.xlsform.secondary import UnreadableDataSet, dataset_of, freeze, read_csv, read_dataset
from survey_server.xlsform.shapes import Shape, build_shapes
from survey_server.xlsform.texts import Texts

MAX_FORM_NODES = 3_000_000
OPENROSA = "http://openrosa.org/xforms"
MODEL_PARTS = ("itext", "instance", "bind", "submission", *ACTIONS)
ENTITY_VERSIONS = ("2022.1.", "2023.1.", "2024.1.", "2025.1.")
LAST_SAVED = "jr://instance/last-saved"
UNUSED_NAMESPACES = frozenset(
    (
        "http://www.w3.org/2002/xforms", "http://www.w3.org/1999/xhtml", "http://www.w3.org/2001/xml-events",
        "http://www.w3.org/2001/XMLSchema",
    )
)  # fmt: skip


def compile_form(
    xform: bytes, attachments: Mapping[str, bytes] | None = None, places: Mapping[str, int] | None = None
) -> Form:
    """Compile XForm XML; raises FormProblem with every complaint. `places`: sheet rows of an XLSForm's questions."""
    complaints = Complaints(places)
    try:
        return _FormReader(xform, attachments or {}, complaints).read()
    except UnreadableXml as problem:
        complaints.refuse(problem.detail, "Correct the XML.", line=problem.extras.get("line", 0))
        raise FormProblem(complaints.faults) from None


class _FormReader:
    def __init__(self, xform: bytes, attachments: Mapping[str, bytes], complaints: Complaints) -> None:
        self.xform = xform
        self.attachments = attachments
        self.complaints = complaints
        self.namespaces: dict[str, str] = {}
        self.secondary: dict[str, Secondary] = {}
        self.primary: set[str] = set()

    def stop(self, message: str, cure: str, line: int = 0) -> FormProblem:
        self.complaints.refuse(message, cure, line=line)
        return FormProblem(self.complaints.faults)

    def read(self) -> Form:
        document = parse_xml(self.xform, max_nodes=MAX_FORM_NODES, keep_lines=True)
        html = document.children[0]
        head = html.find("head")
        model = head.find("model") if head is not None else None
        body = html.find("body")
        if html.name != "html" or head is None or model is None:
            raise self.stop("This is no XForm: it has no <h:html> with a <model> in its <h:head>.", "Export it again.")
        if body is None:
            self.complaints.warn("The form has no <h:body>: it asks nothing.", "Add it, with at least one question.")
            body = Node(ELEMENT, "body")
        for node in html.walk():
            if node.declared and node.kind == ELEMENT:
                self.namespaces.update({p: uri for p, uri in node.declared.items() if p})
        template = self._instances(model)
        return self._compile(head, model, body, template)

    def _instances(self, model: Node) -> Node:
        """Read the instances; the first is the interview itself."""
        instances = [node for node in model.elements() if node.name == "instance"]
        if not instances:
            raise self.stop("The model has no <instance>.", "Add the instance that is filled in.", model.line)
        first = next((node for node in instances if not node.get("src")), instances[0])
        content = first.elements()
        if len(content) != 1:
            raise self.stop(
                "The first <instance> must hold exactly one element, the root of the interview.",
                "Put all questions under one root.", first.line,
            )  # fmt: skip
        self.primary.update(name for name in (first.get("id"), content[0].get("id")) if name)
        for node in instances:
            if node is not first:
                self._secondary(node)
        root = content[0]
        template = Node(ROOT)
        template.append(root)
        return template

    def _secondary(self, node: Node) -> None:
        name, src = node.get("id") or "", node.get("src") or ""
        if not name:
            self.complaints.warn(
                "A data set has no id: nothing can refer to it.", 'Write <instance id="...">.', line=node.line
            )
            return
        if name in self.secondary:
            self.complaints.warn(f"Two data sets are called “{name}”; the last counts.", "Rename one.", line=node.line)
        each = Secondary(name, src, line=node.line)
        if src and src != LAST_SAVED:
            ending = src.lower().rpartition(".")[2]
            each.format = ending if ending in ("csv", "xml", "geojson") else "csv" if "file-csv" in src else "xml"
            self._attachment(each)
        elif not src:
            document = Node(ROOT)
            for child in node.elements():
                document.append(child)
            if not document.children:
                document.append(Node(ELEMENT, "root"))
            each.document = freeze(document)
        self.secondary[name] = each

    def _attachment(self, each: Secondary) -> None:
        data = self.attachments.get(each.filename)
        if data is None:
            return
        try:
            each.document = read_dataset(each.filename, data)
        except (UnreadableDataSet, UnreadableXml) as problem:
            self.complaints.refuse(problem.detail, "Attach it again as UTF-8.", line=each.line)

    def _external_choices(self, body: Node) -> None:
        """Make a data set of every list of itemsets.csv that a select_one_external asks for."""
        data = self.attachments.get("itemsets.csv")
        wanted = {found[1] for node in body.walk() if (found := EXTERNAL.match(node.get("query") or ""))}
        if data is None or not wanted:
            return
        rows = list(read_csv("itemsets.csv", data))
        for name in sorted(wanted - set(self.secondary)):
            own = [row for row in rows if row.get("list_name") == name]
            self.secondary[name] = Secondary(name, document=dataset_of(own))

    def _compile(self, head: Node, model: Node, body: Node, template: Node) -> Form:
        complaints = self.complaints
        element = template.children[0]
        add_meta(element)
        self._check_entities(model, element)
        root = build_shapes(element)
        shapes = {shape.ref: shape for shape in root.walk()}
        self._external_choices(body)
        expressions = Expressions(complaints, root, self.secondary, self.primary)
        expressions.namespaces = self.namespaces
        texts = self._texts(model, expressions)
        binds = BindReader(shapes, expressions, texts, complaints)
        self._binds(model, binds)
        reader = BodyReader(root, shapes, binds.ids, expressions, texts, complaints, binds.read_action)
        controls = reader.read(body, [node for node in model.elements() if node.name in ACTIONS])
        for shape in shapes.values():
            shape.forget()
        order = build_order(root, expressions, complaints)
        self._check_outputs(controls, texts, expressions, shapes)
        complaints.check()
        form_id = element.get("id") or element.ns or element.name
        title = head.find("title")
        return Form(
            id=form_id,
            version=element.get("version") or element.get("version", OPENROSA) or "",
            title=(title.value().strip() if title is not None else "") or form_id,
            hash=self._hash(),
            languages=texts.languages,
            default_language=texts.default,
            namespaces=self.namespaces,
            instance_namespaces=used_namespaces(element, self.namespaces),
            template=element,
            root=root,
            shapes=shapes,
            binds=binds.binds,
            order=order,
            actions=reader.actions,
            style=body.get("class") or "",
            secondary=self.secondary,
            texts=texts.all_texts(),
            body=controls,
            attachments={n: hashlib.sha256(d).hexdigest() for n, d in sorted(self.attachments.items())},
            warnings=complaints.warnings,
            count_refs=count_refs(shapes.values(), expressions),
            choice_triggers={ref: sorted(set(found)) for ref, found in sorted(reader.choices.triggers.items())},
            primary_ids=self.primary,
        )

    def _texts(self, model: Node, expressions: Expressions) -> Texts:
        texts = Texts(self.complaints, expressions.read)
        itext = model.find("itext")
        if itext is not None:
            expressions.text_ids = {each.get("id") or "" for each in itext.walk() if each.name == "text"}
            texts.read_itext(itext)
        return texts

    def _binds(self, model: Node, binds: BindReader) -> None:
        for node in model.elements():
            if node.name == "bind":
                binds.read_bind(node)
            elif node.name not in MODEL_PARTS:
                self.complaints.refuse(f"<{node.qname}> has no place in a model.", "Remove it.", line=node.line)
            if node.name == "submission" and node.get("base64RsaPublicKey"):
                self.complaints.warn(
                    "The form wants submissions encrypted with its own key; the phone seals them with the wave's.",
                    "Remove public_key from the settings.", line=node.line,
                )  # fmt: skip

    def _check_entities(self, model: Node, root: Node) -> None:
        """A form that writes entities must name a version of that language that is known here."""
        meta = root.find("meta")
        entities = [node for node in meta.walk() if node.name == "entity"] if meta is not None else []
        version = next((a.text for a in model.attributes if a.name == "entities-version"), None)
        if not entities or (version is not None and version.startswith(ENTITY_VERSIONS)):
            return
        self.complaints.refuse(
            f"The form writes entities of version “{version or ''}”, which isn't known here.",
            f"Known: {', '.join(v.rstrip('.') for v in ENTITY_VERSIONS)}. Convert the XLSForm with a current pyxform.",
            line=model.line,
        )

    def _check_outputs(
        self, controls: list[Control], texts: Texts, expressions: Expressions, shapes: dict[str, Shape]
    ) -> None:
        """Resolve the references in labels and hints from where they are shown."""
        stack = list(controls)
        while stack:
            control = stack.pop()
            stack.extend(control.children)
            shape = shapes.get(control.ref)
            if shape is None:
                continue
            for key, aspect in ((control.label, "label"), (control.hint, "hint")):
                for tree in texts.trees(key):
                    expressions.dependencies(tree, shape, aspect, control.line)

    def _hash(self) -> str:
        digest = hashlib.sha256(self.xform)
        for name, data in sorted(self.attachments.items()):
            digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
        return digest.hexdigest()


def count_refs(shapes: Iterable[Shape], expressions: Expressions) -> frozenset[str]:
    """The refs of all nodes whose change may change the number of a counted repeat's instances."""
    found: set[str] = set()
    for shape in shapes:
        if shape.control is not None and shape.control.count is not None:
            read = expressions.dependencies(shape.control.count, shape, "count", shape.control.line)
            for source in read.near | read.wide:
                found.add(source.ref)
                found.update(below.ref for below in source.walk())
    return frozenset(found)


def add_meta(root: Node) -> None:
    """Give the interview a meta/instanceID if its author forgot it: no submission goes without."""
    meta = root.find("meta")
    if meta is None:
        meta = root.append(Node(ELEMENT, "meta", prefix="orx", ns=OPENROSA))
    if meta.find("instanceID") is None:
        meta.append(Node(ELEMENT, "instanceID", prefix=meta.prefix, ns=meta.ns))


def used_namespaces(root: Node, known: Mapping[str, str]) -> dict[str, str]:
    """The prefixes that the interview's own names use, with their namespaces."""
    found: dict[str, str] = {}
    for node in root.walk():
        if node.kind != ELEMENT:
            continue
        for named in [node, *node.attributes]:
            if named.prefix and named.prefix != "xml" and not (named.kind == ATTRIBUTE and named.name == "template"):
                found[named.prefix] = named.ns or known.get(named.prefix, "")
    if root.ns and not root.prefix and root.ns not in UNUSED_NAMESPACES:
        found[""] = root.ns
    return found
