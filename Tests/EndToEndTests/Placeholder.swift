import Testing
@Suite struct PlaceholderEndToEndTests { @Test func nothing() {} }
