"""The TeX commands of mathematical characters and function names."""

_COMMANDS = """
α alpha β beta γ gamma δ delta ϵ epsilon ε varepsilon ζ zeta η eta θ theta ϑ vartheta ι iota κ kappa λ lambda μ mu
ν nu ξ xi π pi ϖ varpi ρ rho ϱ varrho σ sigma ς varsigma τ tau υ upsilon ϕ phi φ varphi χ chi ψ psi ω omega
Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Υ Upsilon Φ Phi Ψ Psi Ω Omega ℵ aleph ℏ hbar ℓ ell ℘ wp ℜ Re ℑ Im
∂ partial ∇ nabla ∞ infty ∅ emptyset ∀ forall ∃ exists ∄ nexists ¬ neg ⊤ top ⊥ bot ∠ angle △ triangle □ square
∑ sum ∏ prod ∐ coprod ∫ int ∬ iint ∭ iiint ∮ oint ⋃ bigcup ⋂ bigcap ⋁ bigvee ⋀ bigwedge ⨁ bigoplus ⨂ bigotimes
± pm ∓ mp × times ÷ div ∗ ast ⋆ star ∘ circ • bullet ⋅ cdot · cdot ∩ cap ∪ cup ⊎ uplus ∧ wedge ∨ vee ∖ setminus
⊕ oplus ⊖ ominus ⊗ otimes ⊘ oslash ⊙ odot † dagger ‡ ddagger
≤ leq ≥ geq ≦ leqq ≧ geqq ⩽ leqslant ⩾ geqslant ≪ ll ≫ gg ≠ neq ≡ equiv ∼ sim ≃ simeq ≈ approx ≅ cong ∝ propto
≺ prec ≻ succ ⪯ preceq ⪰ succeq ∈ in ∉ notin ∋ ni ⊂ subset ⊃ supset ⊆ subseteq ⊇ supseteq ⊊ subsetneq ⊢ vdash
⊣ dashv ⊨ models ∣ mid ∥ parallel ≐ doteq ≔ coloneqq ⋈ bowtie ⊑ sqsubseteq ⊒ sqsupseteq ∴ therefore ∵ because
← leftarrow → rightarrow ↔ leftrightarrow ⇐ Leftarrow ⇒ Rightarrow ⇔ Leftrightarrow ↑ uparrow ↓ downarrow ↕ updownarrow
⟵ longleftarrow ⟶ longrightarrow ⟷ longleftrightarrow ⟸ Longleftarrow ⟹ Longrightarrow ⟺ Longleftrightarrow
↦ mapsto ⟼ longmapsto ↪ hookrightarrow ↩ hookleftarrow ⇀ rightharpoonup ⇌ rightleftharpoons ↗ nearrow ↘ searrow
… ldots ⋯ cdots ⋮ vdots ⋱ ddots ′ prime ‖ Vert ∥ parallel ⟨ langle ⟩ rangle 〈 langle 〉 rangle
⌊ lfloor ⌋ rfloor ⌈ lceil ⌉ rceil √ surd ° circ ⊔ sqcup ⊓ sqcap ∁ complement ≜ triangleq ⊻ veebar ℧ mho ⇝ leadsto
"""
_WORDS = _COMMANDS.split()
COMMANDS = {sign: f"\\{name}" for sign, name in zip(_WORDS[::2], _WORDS[1::2], strict=True)}
"""character → TeX command"""
PLAIN = {
    "−": "-", "‐": "-", "–": "-", "∕": "/", "∶": ":", "⁢": "", "⁡": "", "⁣": "", "⁤": "", "\u200b": "", "\ufeff": "",
    "\xa0": "~", "{": r"\{", "}": r"\}", "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "_": r"\_", "^": r"\hat{}",
    "\\": r"\backslash", "~": r"\sim", "‘": "`", "’": "'", "ℝ": r"\mathbb{R}", "ℕ": r"\mathbb{N}",
    "ℤ": r"\mathbb{Z}", "ℚ": r"\mathbb{Q}", "ℂ": r"\mathbb{C}", "ℙ": r"\mathbb{P}", "𝔼": r"\mathbb{E}",
    "ℋ": r"\mathcal{H}", "ℒ": r"\mathcal{L}", "ℱ": r"\mathcal{F}", "ℳ": r"\mathcal{M}", "″": r"\prime\prime",
}  # fmt: skip
"""character → TeX that is not a command of that name"""
FUNCTIONS = frozenset((
    "arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "coth", "csc", "deg", "det", "dim", "exp", "gcd",
    "hom", "inf", "ker", "lg", "lim", "liminf", "limsup", "ln", "log", "max", "min", "Pr", "sec", "sin", "sinh",
    "sup", "tan", "tanh"
))  # fmt: skip
"""names that TeX has a command for"""
OVER = {"¯": "overline", "‾": "overline", "―": "overline", "_": "underline", "^": "hat", "ˆ": "hat", "~": "tilde",
        "˜": "tilde", "→": "vec", "⃗": "vec", "˙": "dot", "¨": "ddot", "ˇ": "check", "˘": "breve", "´": "acute",
        "`": "grave", "⏞": "overbrace", "︷": "overbrace"}  # fmt: skip
"""sign over a term → TeX command"""
UNDER = {"¯": "underline", "_": "underline", "‾": "underline", "⏟": "underbrace", "︸": "underbrace", "̲": "underline"}
"""sign under a term → TeX command"""
VARIANTS = {"bold": "mathbf", "bold-italic": "boldsymbol", "double-struck": "mathbb", "script": "mathcal",
            "bold-script": "mathcal", "fraktur": "mathfrak", "bold-fraktur": "mathfrak", "sans-serif": "mathsf",
            "monospace": "mathtt", "normal": "mathrm"}  # fmt: skip
"""mathvariant → TeX command"""
