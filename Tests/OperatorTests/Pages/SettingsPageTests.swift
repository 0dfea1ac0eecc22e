import Testing

@testable import Services

/// docs/settings.md: every setting, with the default that the program has.
@Suite struct SettingsPageTests {
  private let page: DocumentedPage

  init() throws { page = try DocumentedPage("docs/settings.md") }

  private var rows: [[String]] {
    page.section("Settings").tables("MONTHCLOSE_…".code).joined().map { $0 }
  }

  @Test func `Every setting is on the page`() {
    let documented = rows.flatMap { DocumentedPage.words($0[0]) }
    #expect(documented.sorted() == SettingKey.all.map(\.name).sorted())
  }

  @Test func `A default is the program's own`() throws {
    for key in SettingKey.all {
      let row = try #require(rows.first { DocumentedPage.words($0[0]).contains(key.name) })
      if let text = key.defaultText {
        #expect(row[2] == text.code, "\(key.name)")
      } else {
        #expect(!row[2].hasPrefix("`"), "\(key.name) has no default")
      }
    }
  }

  @Test func `Every secret can come from a file`() {
    let documented = page.section("Secrets").tables("setting").joined().flatMap {
      DocumentedPage.words($0[1])
    }
    let files = SettingKey.all.compactMap { $0.fileVariable?.dropFirst(SettingKey.prefix.count) }
    #expect(documented.sorted() == files.map(String.init).sorted())
  }
}

extension String {
  /// Marked as code.
  fileprivate var code: String { "`\(self)`" }
}
