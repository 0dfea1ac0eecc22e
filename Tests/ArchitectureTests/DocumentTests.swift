import Testing

/// No document leads nowhere, and every one can be found from the README.
@Suite("Documents")
struct DocumentTests {
  private static let byPath = Dictionary(
    uniqueKeysWithValues: DocumentTree.pages.map { ($0.path, $0) })

  @Test
  func `The documents are found`() {
    #expect(DocumentTree.pages.count > 20)
    #expect(DocumentTree.pages.map(\.links.count).reduce(0, +) > 60)
    #expect(DocumentTree.mentioning.count > SourceTree.files.count)
  }

  @Test
  func `Every link between documents leads to a file and a heading in it`() {
    expectNone(
      DocumentTree.pages.flatMap { page in
        page.links.compactMap { link in
          Self.fault(of: link, in: page).map {
            RuleFinding(file: page.path, line: link.line, what: $0)
          }
        }
      })
  }

  private static func fault(of link: Document.Link, in page: Document) -> String? {
    guard let (path, anchor) = page.destination(link.target) else { return nil }
    guard DocumentTree.exists(path) else { return "there is no \(path)" }
    guard let anchor else { return nil }
    guard let target = byPath[path] else { return "\(path) has no headings" }
    return target.anchors.contains(anchor) ? nil : "\(path) has no heading #\(anchor)"
  }

  @Test
  func `Every page that a program, a test or another page names is there`() {
    let pages = DocumentTree.pages.map { SourceFile(path: $0.path) }
    expectNone(
      (DocumentTree.mentioning + pages).flatMap { file in
        file.lines.enumerated().filter { $0.element.contains("docs/") }.flatMap { index, line in
          line.matches(of: /docs\/([a-z-]+\/)?[A-Za-z0-9-]+\.md/).map { String($0.output.0) }
            .filter { !DocumentTree.exists($0) }
            .map { RuleFinding(file: file.path, line: index + 1, what: "there is no \($0)") }
        }
      })
  }

  @Test
  func `Every page can be reached from the README by links`() {
    var reached: Set<String> = []
    var waiting = ["README.md"]
    while let path = waiting.popLast() {
      guard let page = Self.byPath[path], reached.insert(path).inserted else { continue }
      waiting += page.links.compactMap { page.destination($0.target)?.path }
    }
    expectNone(
      DocumentTree.pages.filter { !reached.contains($0.path) }.map {
        RuleFinding(file: $0.path, line: 1, what: "no link leads here")
      })
  }

  @Test(arguments: ["docs/glossary.md", "CONTRIBUTING.md"])
  func `Every type that a page for newcomers names is in the sources`(_ path: String) throws {
    let page = SourceFile(path: path)
    expectNone(
      page.lines.enumerated().filter { $0.element.hasPrefix("|") }.flatMap { index, line in
        line.matches(of: /`([A-Z][A-Za-z]+)`/).map { String($0.output.1) }
          .filter { !Self.declared.contains($0) }
          .map { RuleFinding(file: path, line: index + 1, what: "there is no type \($0)") }
      })
  }

  @Test(arguments: ["CONTRIBUTING.md", "docs/architecture.md"])
  func `Every Swift file that a page names is in the tree`(_ path: String) {
    let page = SourceFile(path: path)
    let known = Set(SourceTree.files.map { "\($0.name).swift" }).union(["Package.swift"])
    expectNone(
      page.lines.enumerated().flatMap { index, line in
        line.matches(of: /`([A-Za-z+]+\.swift)`/).map { String($0.output.1) }
          .filter { !known.contains($0) }
          .map { RuleFinding(file: page.path, line: index + 1, what: "there is no file \($0)") }
      })
  }

  /// Word by word: a regular expression on each line of the tree takes most of a minute.
  private static let declared: Set<String> = {
    let kinds: Set<Substring> = ["struct", "enum", "class", "actor", "protocol", "typealias"]
    var names: Set<String> = []
    for line in SourceTree.files.flatMap(\.lines) {
      let words = line.split(separator: " ")
      guard let kind = words.firstIndex(where: kinds.contains), kind + 1 < words.count else {
        continue
      }
      names.insert(String(words[kind + 1].prefix { $0.isLetter || $0.isNumber }))
    }
    return names
  }()

  @Test(arguments: [
    ("## When usage is billed", "when-usage-is-billed"),
    ("### `start` and `end`", "start-and-end"),
    ("## The broker's users", "the-brokers-users"),
    ("## Limits, said where you look", "limits-said-where-you-look"),
    ("### `hold_after_days`", "hold_after_days"),
  ])
  func `A heading becomes a link's name as GitHub makes it`(_ heading: String, _ anchor: String) {
    #expect(Document.anchor(heading) == anchor)
  }

  @Test
  func `Links are read outside of code, relative to their page`() throws {
    let page = Document(
      path: "docs/decisions/late-usage.md",
      lines: [
        "[a](../prices.md#flat) and [b](refreshof.md)", "`[c](no.md)`", "    [d](no.md)",
        "```", "[e](no.md)", "```", "[f](https://example.org)", "[g](#here)",
      ])
    let found = page.links.compactMap { page.destination($0.target) }
    #expect(
      found.map(\.path) == [
        "docs/prices.md", "docs/decisions/refreshof.md", "docs/decisions/late-usage.md",
      ])
    #expect(found.map(\.anchor) == ["flat", nil, "here"])
  }
}
