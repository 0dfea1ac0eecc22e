import Foundation
import Testing

@testable import Ledger

/// The rights that are printed, held against the schema; endtoend/test_store_roles.py runs a close
/// with them.
@Suite struct StoreRolesTests {
  private struct Grant {
    var act: String
    var columns: [String]
    var tables: [String]
    var role: String
  }

  /// `GRANT UPDATE (a, b) ON t TO r;` and its like, of the services' and the operator's tables.
  private static var grants: [Grant] {
    StoreRoles.rights.sql
      .matches(of: /GRANT (INSERT|UPDATE|DELETE)\s*(?:\(([^)]*)\))?\s*ON\s+([^;]*?)\s+TO\s+(\w+);/)
      .map {
        Grant(
          act: String($0.1), columns: names($0.2 ?? ""), tables: names($0.3), role: String($0.4))
      }
  }

  private static func names(_ list: Substring) -> [String] {
    list.split { ", \n".contains($0) }.map(String.init)
  }

  @Test func `Every right is about a table and columns that exist`() async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: "\(folder.path)/store.db", migrate: true)
      let known = try await store.inspectWriter { database in
        try Self.grants.flatMap(\.tables).reduce(into: [String: Set<String>]()) { known, table in
          known[table] = try database.namesOfColumns(table)
        }
      }
      try await store.close()
      try Self.check(known)
    }
  }

  private static func check(_ known: [String: Set<String>]) throws {
    #expect(grants.count > 15)
    for grant in grants {
      for table in grant.tables {
        let columns = try #require(known[table])
        #expect(!columns.isEmpty, "there is no table \(table)")
        for column in grant.columns {
          #expect(columns.contains(column), "\(table) has no column \(column)")
        }
      }
    }
  }

  @Test func `A service may neither delete books nor write what is imported`() {
    let services = Self.grants.filter { $0.role == "month_close" }
    let deletes = services.filter { $0.act == "DELETE" }.flatMap(\.tables)
    #expect(Set(deletes) == ["unbilled_periods", "unpublished_events"])
    let books: Set = ["transactions", "entries", "decisions", "outgoing_events", "invoice_lines"]
    let imported: Set = ["catalogs", "metrics", "usage", "usage_sums"]
    for grant in services where grant.act != "INSERT" {
      #expect(books.isDisjoint(with: grant.tables))
    }
    for grant in services { #expect(imported.isDisjoint(with: grant.tables)) }
    let whole = Self.grants.filter { $0.act == "UPDATE" && $0.columns.isEmpty }
    #expect(whole.flatMap(\.tables) == [], "an update names its columns")
  }
}

extension SQLSession {
  fileprivate func namesOfColumns(_ table: String) throws -> Set<String> {
    let all = try self.all("SELECT name FROM pragma_table_info(?)", [table], of: TableColumn.self) {
      $0[.name] as String
    }
    return Set(all)
  }
}

private enum TableColumn: String, ColumnList { case name }
