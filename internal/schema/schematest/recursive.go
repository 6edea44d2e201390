package schematest

type (
	// Tree refers to itself in many ways.
	Tree struct {
		Name     string           `json:"name"`
		Parent   *Tree            `json:"parent"`
		Children []*Tree          `json:"children,omitempty"`
		ByName   map[string]*Tree `json:"byName,omitempty"`
		Pair     [2]*Tree         `json:"pair"`
		Values   []Tree           `json:"values"`
	}
	// List is a slice of itself.
	List []List
	// Dictionary is a map of itself.
	Dictionary map[string]Dictionary
	// Endless is a pointer to itself.
	Endless *Endless
	// Sparse is an array of pointers to itself.
	Sparse [2]*Sparse
	// Husband and Wife refer to each other.
	Husband struct {
		Wife *Wife `json:"wife"`
	}
	// Wife is the other.
	Wife struct {
		Husbands []Husband `json:"husbands"`
		Note     string    `json:"note"`
	}
)

func recursive() []Type {
	leaf := &Tree{Name: "leaf"}
	tree := Tree{"a", leaf, []*Tree{leaf, nil}, map[string]*Tree{"b": leaf}, [2]*Tree{leaf}, []Tree{*leaf}}
	var endless Endless
	return []Type{
		of("a struct that refers to itself", tree, `null`, `{"name":"a"}`, `{"name":"a","parent":{},"pair":[null,null],"values":null}`),
		of("a pointer to a struct that refers to itself", &tree, `{"name":"a"}`, `{"name":"a","parent":{},"pair":[null,null],"values":null}`),
		of("a slice of structs that refer to themselves", []Tree{tree}, `[{}]`),
		of("a slice of itself", List{nil, {}, {nil}}, `{}`, `[1]`),
		of("a map of itself", Dictionary{"a": nil, "b": {"c": {}}}, `[]`, `{"a":1}`),
		of("a pointer to itself", Endless(&endless)),
		of("an array of itself", Sparse{nil, {}}, `[]`, `[null]`),
		of("structs that refer to each other", Husband{&Wife{[]Husband{{}}, "x"}}, `{}`, `{"wife":{}}`),
	}
}
